"""The same tests on a real database, marked: production's plans judge every statement that the shop sends."""

from decimal import Decimal

import psycopg
import pytest
from sqlalchemy.orm import Session

from shop.office import export_shipped, find_customer, mark_shipped
from shop.orders import latest_orders, open_orders, order_with_lines, orders_page, place_order

pytestmark = pytest.mark.prodparity

ROWS = """
INSERT INTO customers (id, email, name, country, created_at) VALUES (7, 'ada@example.com', 'Ada', 'GB', now());
INSERT INTO products (id, name, price, stock) VALUES (5, 'Tea', 9.50, 100);
INSERT INTO orders (id, customer_id, status, total, placed_at)
    SELECT n, 7, CASE WHEN n = 1 THEN 'open' ELSE 'shipped' END, 19, now() - n * interval '1 second'
    FROM generate_series(1, 5) AS n;
INSERT INTO order_lines (order_id, product_id, quantity, price) SELECT n, 5, 2, 9.50 FROM generate_series(1, 5) AS n;
"""


@pytest.fixture(autouse=True)
def rows(parity_db):
    parity_db.owner.execute(ROWS)


@pytest.fixture
def session(parity_db):
    with Session(parity_db.engine) as session:
        yield session


@pytest.fixture
def connection(parity_db):
    with psycopg.connect(parity_db.dsn) as connection:
        yield connection


def test_open_orders(session):
    assert [order.id for order in open_orders(session, customer_id=7)] == [1]


def test_latest_orders(session):
    assert latest_orders(session)[:2] == [{"id": 1, "items": 2}, {"id": 2, "items": 2}]


def test_a_page_beyond_the_last_is_empty(session):
    assert orders_page(session, number=4_000) == []


def test_order_with_lines(session):
    assert order_with_lines(session, 1).lines[0].quantity == 2


def test_place_order(session):
    order = place_order(session, customer_id=7, items={5: 2})
    assert order.total == Decimal("19.00")


def test_find_customer(connection):
    assert find_customer(connection, "Ada@Example.com") == (7, "Ada")


def test_export_shipped(connection):
    assert export_shipped(connection).splitlines()[:2] == ["id,customer,total", "2,7,19.00"]


def test_mark_shipped(connection):
    assert mark_shipped(connection, 1)
