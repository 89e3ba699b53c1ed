"""Reserves stock for orders."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Stock(Base):
    __tablename__ = "inventory"

    product_id: Mapped[int] = mapped_column(primary_key=True)
    warehouse_id: Mapped[int] = mapped_column(primary_key=True)
    quantity: Mapped[int]
    reserved: Mapped[int]


def reserve(engine: Engine, product_id: int, quantity: int) -> bool:
    """Reserve in the warehouse that has most of a product. Only stock that is there can be reserved."""
    with Session(engine) as session, session.begin():
        rows = session.scalars(select(Stock).where(Stock.product_id == product_id).order_by(Stock.warehouse_id)).all()
        best = max(rows, key=lambda stock: stock.quantity)
        query = select(Stock).where(Stock.product_id == product_id, Stock.warehouse_id == best.warehouse_id)
        query = query.with_for_update().execution_options(populate_existing=True)
        stock = session.scalars(query).one()
        if stock.quantity - stock.reserved < quantity:
            return False
        stock.reserved = stock.reserved + quantity
        return True
