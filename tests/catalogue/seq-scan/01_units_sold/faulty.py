"""Sales figures for the product page."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, Numeric, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class OrderItem(Base):
    __tablename__ = "order_items"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    order_id: Mapped[int] = mapped_column(BigInteger)
    product_id: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))


def units_sold(session: Session, product_id: int) -> int:
    """Return how many units of a product have been sold so far."""
    query = select(func.coalesce(func.sum(OrderItem.quantity), 0)).where(OrderItem.product_id == product_id)
    return session.execute(query).scalar_one()  # <- here


def badge(session: Session, product_id: int) -> str | None:
    """Return the badge shown next to the product, if it has earned one."""
    sold = units_sold(session, product_id)
    if sold >= 100:
        return "bestseller"
    return "popular" if sold >= 10 else None
