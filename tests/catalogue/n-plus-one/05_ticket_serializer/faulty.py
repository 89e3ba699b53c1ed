"""REST representation of support tickets."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import DateTime, ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, object_session, relationship


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

    @property
    def last_message(self) -> Message | None:
        stmt = select(Message).where(Message.ticket_id == self.id).order_by(Message.created_at.desc()).limit(1)
        return object_session(self).scalars(stmt).first()  # <- here


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

    def to_dict(self, ticket: Ticket) -> dict[str, Any]:
        data = {field: getattr(ticket, field) for field in self.fields}
        data["assignee"] = ticket.assignee.name if ticket.assignee else None
        message = ticket.last_message
        data["preview"] = f"{message.author}: {message.body[:60]}" if message else ""
        return data


def open_tickets(session: Session, tenant_id: int, limit: int = 100) -> list[dict[str, Any]]:
    stmt = select(Ticket).where(Ticket.tenant_id == tenant_id, Ticket.status == "open").order_by(Ticket.id).limit(limit)
    serializer = TicketSerializer()
    return [serializer.to_dict(ticket) for ticket in session.scalars(stmt)]
