"""Support desk: merges a duplicate ticket into another one."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, ForeignKey, Text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)


class Message(Base):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    author: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    internal: Mapped[bool]


class MessageRepository:
    def __init__(self, session: Session) -> None:
        self.session = session

    def add(self, ticket_id: int, author: str, body: str, *, internal: bool = False) -> None:
        self.session.add(Message(ticket_id=ticket_id, author=author, body=body, internal=internal))
        self.session.commit()

    def move(self, source: int, target: int) -> None:
        self.session.execute(update(Message).where(Message.ticket_id == source).values(ticket_id=target))
        self.session.commit()


class TicketRepository:
    def __init__(self, session: Session) -> None:
        self.session = session

    def close(self, ticket_id: int) -> None:
        self.session.execute(update(Ticket).where(Ticket.id == ticket_id).values(status="closed"))
        self.session.commit()


class MergeService:
    def __init__(self, session: Session) -> None:
        self.tickets = TicketRepository(session)
        self.messages = MessageRepository(session)

    def merge(self, duplicate: int, into: int, agent: str) -> None:
        if duplicate == into:
            raise ValueError("a ticket cannot be merged into itself")
        stamp = datetime.now(UTC).date().isoformat()
        self.messages.move(duplicate, into)
        self.tickets.close(duplicate)
        self.messages.add(into, agent, f"merged with #{duplicate} on {stamp}", internal=True)
