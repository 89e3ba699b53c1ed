"""Checkout: order, lines, payment, invoice."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Numeric
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger, Decimal: Numeric(12, 2)}


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    customer_id: Mapped[int]
    number: Mapped[str]
    status: Mapped[str]
    total: Mapped[Decimal]


class OrderItem(Base):
    __tablename__ = "order_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int]
    quantity: Mapped[int]
    price: Mapped[Decimal]


class Payment(Base):
    __tablename__ = "payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    provider: Mapped[str]
    provider_ref: Mapped[str]
    amount: Mapped[Decimal]


class Invoice(Base):
    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    number: Mapped[str]
    amount: Mapped[Decimal]
    due_on: Mapped[date]


def save(session: Session, entity: Base) -> None:
    session.add(entity)
    session.commit()  # <- here
    session.refresh(entity)


def checkout(session: Session, order: Order, item: OrderItem, provider_ref: str, today: date) -> int:
    """Store a paid order with one line; returns its id."""
    order.total = item.quantity * item.price
    save(session, order)
    item.order_id = order.id
    save(session, item)
    payment = Payment(order_id=order.id, provider="card", provider_ref=provider_ref, amount=order.total)
    save(session, payment)
    invoice = Invoice(
        tenant_id=order.tenant_id,
        order_id=order.id,
        number=f"I-{order.number}",
        amount=order.total,
        due_on=today + timedelta(days=14),
    )
    save(session, invoice)
    order.status = "paid"
    save(session, order)
    return order.id
