from decimal import Decimal
from unittest.mock import MagicMock

import app


def test_cached():
    engine = MagicMock()
    conn = engine.connect.return_value.__enter__.return_value
    conn.execute.return_value.scalar_one.return_value = Decimal("9.90")
    prices = app.Prices(engine)
    assert prices.get(3) == prices.get(3) == Decimal("9.90")
    conn.execute.assert_called_once()


def test_changed():
    prices = app.Prices(MagicMock())
    prices.get(3)
    prices.change(3, Decimal("8.90"))
    assert 3 not in prices.cached
