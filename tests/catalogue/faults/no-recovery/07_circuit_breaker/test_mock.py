from unittest.mock import patch

import app
import pytest


@pytest.fixture(autouse=True)
def breaker(monkeypatch):
    monkeypatch.setattr(app, "breaker", app.Breaker())
    return app.breaker


def test_recommended():
    with patch.object(app.httpx, "get") as get:
        get.return_value.json.return_value = {"items": [{"id": "4"}, {"id": 9}]}
        assert app.recommended("http://r", 1) == [4, 9]


def test_opens_after_failures(breaker):
    with patch.object(app.httpx, "get", side_effect=OSError("down")):
        for _ in range(breaker.failures):
            with pytest.raises(OSError):
                app.recommended("http://r", 1)
    with pytest.raises(app.Open):
        app.recommended("http://r", 1)
