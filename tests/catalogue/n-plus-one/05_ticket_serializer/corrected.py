"""REST representation of support tickets."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import DateTime, ForeignKey, select, true
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column, relationship


class Base(DeclarativeBase):
    type_annotation_map = {dt.datetime: DateTime(timezone=True)}


class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))
    subject: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[dt.datetime]
    assignee: Mapped[Employee | None] = relationship(lazy="joined")


class Employee(Base):
    __tablename__ = "employees"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Message(Base):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int]
    author: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[dt.datetime]


class TicketSerializer:
    fields = ("id", "subject", "status")

    def to_dict(self, ticket: Ticket, message: Message | None) -> dict[str, Any]:
        data = {field: getattr(ticket, field) for field in self.fields}
        data["assignee"] = ticket.assignee.name if ticket.assignee else None

        data["preview"] = f"{message.author}: {message.body[:60]}" if message else ""
        return data


def open_tickets(session: Session, tenant_id: int, limit: int = 100) -> list[dict[str, Any]]:
    stmt = select(Ticket).where(Ticket.tenant_id == tenant_id, Ticket.status == "open").order_by(Ticket.id).limit(limit)
    tickets = session.scalars(stmt).all()
    newest = (
        select(Message).where(Message.ticket_id == Ticket.id).order_by(Message.created_at.desc()).limit(1).lateral()
    )
    last = aliased(Message, newest)
    previews = select(Ticket.id, last).join(last, true()).where(Ticket.id.in_([ticket.id for ticket in tickets]))
    messages = dict(session.execute(previews).tuples().all())
    serializer = TicketSerializer()
    return [serializer.to_dict(ticket, messages.get(ticket.id)) for ticket in tickets]
