from types import SimpleNamespace
from unittest.mock import patch

import app


def test_spend_and_bonus():
    customer = SimpleNamespace(points=100)
    with patch.object(app, "Session") as sessions:
        sessions.return_value.__enter__.return_value.scalars.return_value.one.return_value = customer
        assert app.spend("engine", 3, 60) is True
        assert app.spend("engine", 3, 60) is False
        app.bonus("engine", 3)
    assert customer.points == 44
