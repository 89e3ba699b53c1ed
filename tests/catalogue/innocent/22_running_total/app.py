"""Running total of one customer's orders (the loyalty page shows when a level was reached)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, Numeric, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[str]
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def spent(session: Session, customer_id: int) -> list[tuple[str, Decimal]]:
    """[(order number, money spent up to it), ...]"""
    running = func.sum(Order.total).over(order_by=(Order.placed_at, Order.id))
    stmt = select(Order.number, running).where(Order.customer_id == customer_id).order_by(Order.placed_at, Order.id)
    return [(number, total) for number, total in session.execute(stmt)]


def reached(session: Session, customer_id: int, level: Decimal) -> str | None:
    return next((number for number, total in spent(session, customer_id) if total >= level), None)
