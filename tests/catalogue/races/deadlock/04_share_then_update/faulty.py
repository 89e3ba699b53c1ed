"""Takes money off an order, but never below zero."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, Engine, Numeric, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))


def discount(engine: Engine, order_id: int, amount: Decimal) -> Decimal:
    """Returns the new total."""
    with Session(engine) as session:
        order = session.scalars(select(Order).where(Order.id == order_id).with_for_update(read=True)).one()
        total = max(order.total - amount, Decimal(0))
        order.total = total
        session.commit()
        return total
