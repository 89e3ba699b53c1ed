"""The quick-find box takes our number or the customer's own purchase reference."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, Text, or_, select

metadata = MetaData()
orders = Table(
    "orders",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("number", String(24), nullable=False),
    Column("reference", Text),
    Column("status", Text, nullable=False),
)


@dataclass
class Hit:
    id: int
    number: str
    status: str


def quick_find(conn: Connection, text: str) -> list[Hit]:
    """Look an order up by number or by purchase reference."""
    text = text.strip()
    stmt = select(orders.c.id, orders.c.number, orders.c.status).where(
        or_(orders.c.number == text.upper(), orders.c.reference == text)
    )
    rows = conn.execute(stmt)  # <- here
    return [Hit(*row) for row in rows]
