from datetime import date
from decimal import Decimal
from unittest.mock import MagicMock

import app


def test_checkout():
    session = MagicMock()
    order = app.Order(id=5, tenant_id=1, customer_id=1, number="O-5", status="pending")
    item = app.OrderItem(product_id=3, quantity=2, price=Decimal("4.50"))
    assert app.checkout(session, order, item, "ch_1", date(2024, 1, 1)) == 5
    assert order.total == Decimal("9.00")
    assert order.status == "paid"
    assert item.order_id == 5
    assert session.commit.called
