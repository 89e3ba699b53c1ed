"""Newsletter: subscribing writes the customer and queues a welcome mail."""

from __future__ import annotations

import os

from sqlalchemy import BigInteger, Boolean, Engine, Text, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    newsletter: Mapped[bool] = mapped_column(Boolean)


class Email(Base):
    __tablename__ = "emails"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)


def make_engine() -> Engine:
    url = os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop")
    return create_engine(url, pool_size=1, max_overflow=1, pool_timeout=3)


def queue_mail(engine: Engine, recipient: str, subject: str, body: str) -> None:
    with Session(engine) as session:
        session.add(Email(recipient=recipient, subject=subject, body=body))
        session.commit()


def subscribe(engine: Engine, customer_id: int) -> None:
    with Session(engine) as session:
        customer = session.get_one(Customer, customer_id)
        customer.newsletter = True
        queue_mail(engine, customer.email, "Welcome!", f"Dear {customer.name}, …")
        session.commit()
