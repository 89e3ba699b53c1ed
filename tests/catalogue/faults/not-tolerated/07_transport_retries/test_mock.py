from unittest.mock import MagicMock, patch

import app


def test_nearest():
    with patch.object(app, "client") as client:
        http = client.return_value.__enter__.return_value
        client.return_value.__exit__.return_value = False
        http.get.side_effect = [
            MagicMock(status_code=200, json=lambda: {"name": "Kiosk"}),
            MagicMock(status_code=200, json=lambda: {"open": True}),
        ]
        assert app.nearest("http://points", "89073") == ("Kiosk", True)
