"""Orders, through SQLAlchemy's ORM."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from .models import Order, OrderLine, Product


def open_orders(session: Session, customer_id: int) -> list[Order]:
    """The orders that a customer still waits for."""
    query = select(Order).where(Order.customer_id == customer_id, Order.status == "open")
    return list(session.scalars(query).all())


def latest_orders(session: Session, count: int = 50) -> list[dict[str, Any]]:
    """The start page of the back office: the newest orders, with the number of items in each."""
    orders = session.scalars(select(Order).order_by(Order.placed_at.desc()).limit(count)).all()
    return [{"id": order.id, "items": sum(line.quantity for line in order.lines)} for order in orders]


def orders_page(session: Session, number: int, size: int = 50) -> list[Order]:
    """One page of all orders; pages count from 1."""
    query = select(Order).order_by(Order.id).offset((number - 1) * size).limit(size)
    return list(session.scalars(query).all())


def order_with_lines(session: Session, order_id: int) -> Order:
    """One order, ready to be shown."""
    query = select(Order).where(Order.id == order_id).options(selectinload(Order.lines))
    return session.scalars(query).one()


def place_order(session: Session, customer_id: int, items: dict[int, int]) -> Order:
    """Order `items`, product id -> quantity."""
    products = session.scalars(select(Product).where(Product.id.in_(items))).all()
    lines = [OrderLine(product_id=product.id, quantity=items[product.id], price=product.price) for product in products]
    order = Order(
        customer_id=customer_id,
        status="open",
        total=sum(line.price * line.quantity for line in lines),
        placed_at=datetime.now(UTC),
        lines=lines,
    )
    session.add(order)
    session.commit()
    return order
