from decimal import Decimal
from types import SimpleNamespace
from unittest.mock import patch

import app


def test_discount():
    order = SimpleNamespace(total=Decimal(10))
    with patch.object(app, "Session") as sessions:
        sessions.return_value.__enter__.return_value.scalars.return_value.one.return_value = order
        assert app.discount("engine", 3, Decimal(4)) == 6
        assert app.discount("engine", 3, Decimal(9)) == 0
