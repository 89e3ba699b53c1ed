"""Points are spent at the till and given by the nightly bonus."""

from __future__ import annotations

from sqlalchemy import BigInteger, Engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    points: Mapped[int]


def spend(engine: Engine, customer_id: int, points: int) -> bool:
    """Pay with points; False if there are too few."""
    with Session(engine) as session, session.begin():
        customer = session.scalars(select(Customer).where(Customer.id == customer_id).with_for_update()).one()
        if customer.points < points:
            return False
        customer.points -= points
        return True


def bonus(engine: Engine, customer_id: int) -> None:
    """Ten percent more."""
    with Session(engine) as session, session.begin():
        customer = session.scalars(select(Customer).where(Customer.id == customer_id)).one()
        customer.points += customer.points // 10
