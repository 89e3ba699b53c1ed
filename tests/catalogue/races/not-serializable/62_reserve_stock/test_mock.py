from unittest.mock import patch

import app


def test_reserved_in_the_largest():
    small = app.Stock(product_id=7, warehouse_id=1, quantity=5, reserved=0)
    large = app.Stock(product_id=7, warehouse_id=2, quantity=50, reserved=10)
    with patch.object(app, "Session") as factory:
        session = factory.return_value.__enter__.return_value
        session.scalars.return_value.all.return_value = [small, large]
        session.scalars.return_value.one.return_value = large
        assert app.reserve(None, 7, 30)
        assert not app.reserve(None, 7, 30)
    assert (small.reserved, large.reserved) == (0, 40)
