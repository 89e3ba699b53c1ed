from unittest.mock import MagicMock, patch

import app
import httpx


def test_short():
    with patch.object(app.httpx, "get", return_value=MagicMock(json=lambda: {"short": "http://s/1"})):
        assert app.Shortener("http://s").shorten("http://shop/a") == "http://s/1"


def test_long_links_are_better_than_none():
    with patch.object(app.httpx, "get", side_effect=httpx.ConnectError("refused")):
        assert app.Shortener("http://s", max_attempts=1).shorten("http://shop/a") == "http://shop/a"
