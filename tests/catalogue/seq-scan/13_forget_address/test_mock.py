import app
from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool


def test_addresses_are_deleted():
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE orders (id integer, customer_id integer, address_id integer)"))
        conn.execute(text("CREATE TABLE addresses (id integer, customer_id integer)"))
        conn.execute(text("INSERT INTO addresses VALUES (1, 1), (2, 1), (3, 2)"))
        conn.execute(text("INSERT INTO orders VALUES (1, 1, 1), (2, 2, 3)"))
    assert app.forget_addresses(engine, 1) == 2
    with engine.begin() as conn:
        assert conn.execute(text("SELECT address_id FROM orders ORDER BY id")).scalars().all() == [None, 3]
    engine.dispose()
