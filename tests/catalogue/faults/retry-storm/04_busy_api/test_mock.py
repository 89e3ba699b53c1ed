from unittest.mock import MagicMock, patch

import app


def test_publish():
    with patch.object(app.requests, "Session") as factory:
        session = factory.return_value.__enter__.return_value
        factory.return_value.__exit__.return_value = False
        session.put.return_value = MagicMock(status_code=200, headers={}, json=lambda: {"changed": 1})
        assert app.publish("http://m", {"B": 2, "A": 1}) == 2
    assert [call.args[0] for call in session.put.call_args_list] == ["http://m/stock/A", "http://m/stock/B"]
