"""Loyalty points, with the ORM."""

from __future__ import annotations

from sqlalchemy import BigInteger, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

LOCKED = {"key_share": True}


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str]
    points: Mapped[int]


def award(engine: Engine, customer_id: int, points: int) -> int:
    """Give points for an order; returns the new balance."""
    with Session(engine) as session:
        customer = session.get(Customer, customer_id, with_for_update=LOCKED)
        if customer is None:
            raise LookupError(f"no customer {customer_id}")
        customer.points += points
        balance = customer.points
        session.commit()
        return balance
