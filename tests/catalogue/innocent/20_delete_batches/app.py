"""Removes bounced mails of a customer in small transactions, so that replication keeps up."""

from sqlalchemy import BigInteger, Column, Engine, MetaData, Table, Text, delete, select

metadata = MetaData()
emails = Table(
    "emails",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("customer_id", BigInteger),
    Column("status", Text),
)


def forget_mails(engine: Engine, customer_id: int, batch: int = 100) -> int:
    doomed = select(emails.c.id).where(emails.c.customer_id == customer_id).limit(batch)
    removed = 0
    while True:
        with engine.begin() as conn:
            count = conn.execute(delete(emails).where(emails.c.id.in_(doomed))).rowcount
        removed += count
        if count < batch:
            return removed
