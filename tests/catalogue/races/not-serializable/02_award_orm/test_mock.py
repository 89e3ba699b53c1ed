from types import SimpleNamespace
from unittest.mock import patch

import app
import pytest


def test_award():
    customer = SimpleNamespace(id=3, name="Ann", points=10)
    with patch.object(app, "Session") as sessions:
        session = sessions.return_value.__enter__.return_value
        session.get.return_value = customer
        assert app.award("engine", 3, 5) == 15
    session.commit.assert_called_once_with()


def test_unknown():
    with patch.object(app, "Session") as sessions:
        sessions.return_value.__enter__.return_value.get.return_value = None
        with pytest.raises(LookupError):
            app.award("engine", 3, 5)
