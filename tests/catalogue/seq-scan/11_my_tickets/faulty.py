"""Ticket list of a customer in the self-service portal."""

from __future__ import annotations

import os
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import NullPool

engine = create_async_engine(os.environ["ASYNC_DATABASE_URL"], poolclass=NullPool)
SessionLocal = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    subject: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


async def my_tickets(customer_id: int, *, include_closed: bool = False) -> list[dict[str, object]]:
    query = select(Ticket).where(Ticket.customer_id == customer_id)
    if not include_closed:
        query = query.where(Ticket.status != "closed")
    async with SessionLocal() as session:
        tickets = await session.scalars(query.order_by(Ticket.created_at.desc()))  # <- here
        return [{"id": t.id, "subject": t.subject, "status": t.status} for t in tickets]
