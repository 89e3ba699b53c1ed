from unittest.mock import MagicMock, patch

import app
import pytest


def test_exempt():
    conn = MagicMock()
    with patch.object(app.requests, "get") as get:
        get.return_value.json.return_value = {"valid": True}
        app.exempt(conn, "http://vat", 4, "de 123456789")
    assert get.call_args.args == ("http://vat/check/DE123456789",)
    conn.commit.assert_called_once()


def test_nonsense_is_not_asked():
    with patch.object(app.requests, "get") as get, pytest.raises(app.Unverified):
        app.exempt(MagicMock(), "http://vat", 4, "12")
    get.assert_not_called()
