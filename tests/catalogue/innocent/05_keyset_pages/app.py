"""Order history with keyset pagination."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, DateTime, MetaData, String, Table, select, tuple_

metadata = MetaData()
orders = Table(
    "orders",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("customer_id", BigInteger),
    Column("number", String(24)),
    Column("placed_at", DateTime(timezone=True)),
)


class Position(NamedTuple):
    placed_at: datetime
    id: int


def page(conn: Connection, customer_id: int, after: Position | None = None, size: int = 10):
    """One page of numbers, newest first, and the position after which the next one starts."""
    stmt = (
        select(orders)
        .where(orders.c.customer_id == customer_id)
        .order_by(orders.c.placed_at.desc(), orders.c.id.desc())
        .limit(size)
    )
    if after is not None:
        stmt = stmt.where(orders.c.placed_at <= after.placed_at)
        stmt = stmt.where(tuple_(orders.c.placed_at, orders.c.id) < tuple_(*after))
    rows = conn.execute(stmt).all()
    return [row.number for row in rows], Position(rows[-1].placed_at, rows[-1].id) if len(rows) == size else None


def history(conn: Connection, customer_id: int, size: int = 10):
    after = None
    while True:
        numbers, after = page(conn, customer_id, after, size)
        yield numbers
        if after is None:
            return
