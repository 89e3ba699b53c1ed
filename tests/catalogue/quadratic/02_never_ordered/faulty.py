"""Win-back campaign: customers of a tenant that signed up but never ordered."""

from sqlalchemy import BigInteger, Column, Connection, DateTime, MetaData, Table, Text, select

metadata = MetaData()

customers = Table(
    "customers",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("tenant_id", BigInteger, nullable=False),
    Column("email", Text, nullable=False),
    Column("created_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
)
orders = Table(
    "orders",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("customer_id", BigInteger, nullable=False),
)


def never_ordered(conn: Connection, tenant_id: int) -> list[str]:
    """E-mail addresses, in alphabetical order."""
    with_orders = select(orders.c.customer_id)
    stmt = (
        select(customers.c.email)
        .where(
            customers.c.tenant_id == tenant_id,
            customers.c.deleted_at.is_(None),
            customers.c.id.not_in(with_orders),
        )
        .order_by(customers.c.email)
    )
    return list(conn.scalars(stmt))  # <- here
