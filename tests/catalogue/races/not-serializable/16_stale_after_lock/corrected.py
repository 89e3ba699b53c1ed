"""Spending points at the till."""

from __future__ import annotations

from sqlalchemy import BigInteger, Engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    segment: Mapped[str]
    points: Mapped[int]


def price(customer: Customer, points: int) -> int:
    return points - points // 10 if customer.segment == "vip" else points


def spend(engine: Engine, customer_id: int, points: int) -> int:
    """Pay with points, of which important customers need fewer; returns what is left."""
    with Session(engine) as session, session.begin():
        customer = session.get(Customer, customer_id)
        asked = price(customer, points)
        locked = select(Customer).where(Customer.id == customer_id).with_for_update()
        customer = session.scalars(locked, execution_options={"populate_existing": True}).one()
        if customer.points < asked:
            raise ValueError("too few points")
        customer.points -= asked
        return customer.points
