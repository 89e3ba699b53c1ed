from decimal import Decimal
from unittest.mock import MagicMock

import app
import pytest


def test_view():
    conn = MagicMock()
    cursor = conn.cursor.return_value.__enter__.return_value
    cursor.fetchone.return_value = app.Order(12, "O-12", "paid", Decimal(5))
    view = app.order_view(conn, "12")
    assert view["number"] == "O-12"
    assert view["links"] == {"self": "/orders/12"}


@pytest.mark.parametrize("order_id", ["13", "abc"])
def test_unknown_order(order_id):
    conn = MagicMock()
    conn.cursor.return_value.__enter__.return_value.fetchone.return_value = None
    with pytest.raises(app.NotFound):
        app.order_view(conn, order_id)
