"""Orders of a customer that need a new payment."""

from sqlalchemy import BigInteger, Column, Connection, MetaData, Numeric, String, Table, Text, select

metadata = MetaData()

orders = Table(
    "orders",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("customer_id", BigInteger),
    Column("number", String(24)),
    Column("total", Numeric(12, 2)),
)

payments = Table(
    "payments",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("order_id", BigInteger),
    Column("status", Text),
)


def orders_to_pay_again(conn: Connection, customer_id: int) -> list[dict]:
    """Orders of the customer with at least one failed payment."""
    stmt = (
        select(orders.c.number, orders.c.total)
        .where(orders.c.customer_id == customer_id, payments.c.status == "failed")
        .distinct()
        .order_by(orders.c.number)
    )
    return [dict(row._mapping) for row in conn.execute(stmt)]  # <- here
