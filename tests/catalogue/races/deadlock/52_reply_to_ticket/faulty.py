"""Replies of the support desk."""

from __future__ import annotations

from sqlalchemy import BigInteger, Engine, ForeignKey, SmallInteger, Text, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    status: Mapped[str] = mapped_column(Text)
    priority: Mapped[int] = mapped_column(SmallInteger)


class Message(Base):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    author: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)


def reply(engine: Engine, ticket_id: int, author: str, body: str) -> None:
    """Add a reply; each one makes its ticket more urgent (1 is the most urgent)."""
    with Session(engine) as session, session.begin():
        session.add(Message(ticket_id=ticket_id, author=author, body=body))
        session.flush()
        ticket = session.scalars(select(Ticket).where(Ticket.id == ticket_id).with_for_update()).one()
        ticket.priority = max(1, ticket.priority - 1)
        ticket.status = "answered"
