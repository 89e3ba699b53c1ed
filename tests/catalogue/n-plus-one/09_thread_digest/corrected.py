from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    assignee_id: Mapped[int | None]
    subject: Mapped[str]
    status: Mapped[str]
    messages: Mapped[list[Message]] = relationship(order_by="Message.created_at")


class Message(Base):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    author: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def summarize(subject: str, authors: list[str]) -> str:
    counts = Counter(authors)
    return f"{subject} ({', '.join(f'{name} x{n}' for name, n in sorted(counts.items()))})"


async def digest(session: AsyncSession, employee_id: int) -> list[str]:
    """One line for each ticket that waits for the employee."""
    query = (
        select(Ticket)
        .options(selectinload(Ticket.messages))
        .where(Ticket.assignee_id == employee_id, Ticket.status == "waiting")
        .order_by(Ticket.id)
    )
    lines = []
    for ticket in (await session.scalars(query)).all():
        lines.append(summarize(ticket.subject, [m.author for m in ticket.messages]))
    return lines
