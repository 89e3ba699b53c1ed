"""Takes over an order from the point of sale."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Numeric
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger, Decimal: Numeric(12, 2)}


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    customer_id: Mapped[int]
    number: Mapped[str]
    total: Mapped[Decimal]
    items: Mapped[list[OrderItem]] = relationship(cascade="all, delete-orphan")


class OrderItem(Base):
    __tablename__ = "order_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int]
    quantity: Mapped[int]
    price: Mapped[Decimal]


def take_over(session: Session, tenant_id: int, customer_id: int, receipt: dict) -> Order:
    items = [
        OrderItem(product_id=line["product"], quantity=line["n"], price=Decimal(line["price"]))
        for line in receipt["lines"]
    ]
    order = Order(
        tenant_id=tenant_id,
        customer_id=customer_id,
        number=f"POS-{receipt['id']}",
        total=sum(item.quantity * item.price for item in items),
        items=items,
    )
    session.add(order)
    session.commit()
    return order
