"""Order details for the packing station, loaded with selectinload and joinedload."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship, selectinload


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger}


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    items: Mapped[list[OrderItem]] = relationship(order_by="OrderItem.id")


class OrderItem(Base):
    __tablename__ = "order_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    product: Mapped[Product] = relationship()


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


async def details(session: AsyncSession, order_ids: list[int]) -> dict[str, list[str]]:
    """{order number: ["2 x Mug", ...]}"""
    stmt = (
        select(Order)
        .where(Order.id.in_(order_ids))
        .options(selectinload(Order.items).options(joinedload(OrderItem.product)))
        .order_by(Order.id)
    )
    orders = await session.scalars(stmt)
    return {order.number: [f"{item.quantity} x {item.product.name}" for item in order.items] for order in orders}
