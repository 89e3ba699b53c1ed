from types import SimpleNamespace
from unittest.mock import patch

import app
import pytest


def test_spend():
    customer = SimpleNamespace(points=100, segment="vip")
    with patch.object(app, "Session") as sessions:
        session = sessions.return_value.__enter__.return_value
        session.get.return_value = session.scalars.return_value.one.return_value = customer
        assert app.spend("engine", 3, 60) == 46
        with pytest.raises(ValueError):
            app.spend("engine", 3, 60)
