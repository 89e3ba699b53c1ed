"""The shop's tests, as they are often written: the database is a mock. All of them pass."""

from decimal import Decimal
from unittest.mock import MagicMock

from shop.models import Order, OrderLine, Product
from shop.office import export_shipped, find_customer, mark_shipped
from shop.orders import latest_orders, open_orders, order_with_lines, orders_page, place_order


def mock_session(rows):
    session = MagicMock()
    session.scalars.return_value.all.return_value = rows
    session.scalars.return_value.one.side_effect = lambda: rows[0]
    return session


def test_open_orders():
    order = Order(id=1, customer_id=7, status="open")
    assert open_orders(mock_session([order]), customer_id=7) == [order]


def test_latest_orders():
    lines = [OrderLine(quantity=2), OrderLine(quantity=1)]
    session = mock_session([Order(id=2, lines=lines), Order(id=1, lines=[])])
    assert latest_orders(session) == [{"id": 2, "items": 3}, {"id": 1, "items": 0}]


def test_a_page_beyond_the_last_is_empty():
    assert orders_page(mock_session([]), number=4_000) == []


def test_order_with_lines():
    order = Order(id=1, lines=[OrderLine(quantity=2)])
    assert order_with_lines(mock_session([order]), 1).lines[0].quantity == 2


def test_place_order():
    session = mock_session([Product(id=5, price=Decimal("9.50"))])
    order = place_order(session, customer_id=7, items={5: 2})
    assert order.total == Decimal("19.00")
    session.commit.assert_called_once()


def test_find_customer():
    connection = MagicMock()
    connection.execute.return_value.fetchone.return_value = (7, "Ada")
    assert find_customer(connection, "Ada@Example.com") == (7, "Ada")


def test_export_shipped():
    connection = MagicMock()
    connection.execute.return_value.fetchall.return_value = [(1, 7, Decimal("19.00"))]
    assert export_shipped(connection).splitlines() == ["id,customer,total", "1,7,19.00"]


def test_mark_shipped():
    connection = MagicMock()
    connection.execute.return_value.rowcount = 1
    assert mark_shipped(connection, 1)
    connection.commit.assert_called_once()
