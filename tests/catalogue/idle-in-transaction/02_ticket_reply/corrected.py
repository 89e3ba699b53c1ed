"""Stores an agent's reply and mails it to the customer."""

from __future__ import annotations

import urllib.request

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    email: Mapped[str]


class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    subject: Mapped[str]
    status: Mapped[str]
    customer: Mapped[Customer] = relationship(lazy="joined", innerjoin=True)


class Message(Base):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    author: Mapped[str]
    body: Mapped[str]


class MailApi:
    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, to: str, subject: str, body: str) -> None:
        request = urllib.request.Request(self.url, body.encode(), {"X-To": to, "X-Subject": subject})
        urllib.request.urlopen(request, timeout=10).close()


def reply(session: Session, mail: MailApi, ticket_id: int, author: str, body: str) -> int:
    """Add the reply to the ticket and send it; returns the message's id."""
    with session.begin():
        ticket = session.get_one(Ticket, ticket_id)
        ticket.status = "waiting"
        message = Message(ticket_id=ticket.id, author=author, body=body)
        session.add(message)
        session.flush()
        message_id, to, subject = message.id, ticket.customer.email, f"Re: {ticket.subject}"
    mail.send(to, subject, body)
    return message_id
