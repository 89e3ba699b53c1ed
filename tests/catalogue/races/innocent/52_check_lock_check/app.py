"""Spends loyalty points."""

from __future__ import annotations

from sqlalchemy import BigInteger, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    points: Mapped[int]


def spend(engine: Engine, customer_id: int, points: int) -> bool:
    """Spend points, of which there are never less than none."""
    with Session(engine) as session, session.begin():
        customer = session.get_one(Customer, customer_id)
        if customer.points < points:  # most visitors: no need to wait for the lock
            return False
        session.refresh(customer, with_for_update=True)
        if customer.points < points:
            return False
        customer.points -= points
        return True
