"""Customers with recent orders, for the sales team's call list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str | None]
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def recent_buyers(session: Session, since: datetime, limit: int = 100) -> list[Customer]:
    """Customers who ordered since then, by name."""
    query = (
        select(Customer)
        .join(Order, Order.customer_id == Customer.id)
        .where(Order.placed_at >= since)
        .distinct()
        .order_by(Customer.name, Customer.id)
        .limit(limit)
    )
    return list(session.scalars(query))  # <- here
