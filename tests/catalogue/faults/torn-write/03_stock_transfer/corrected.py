"""Moves stock between warehouses."""

import os

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

engine = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"), pool_pre_ping=True)


class InsufficientStock(Exception):
    pass


def withdraw(conn: Connection, product_id: int, warehouse_id: int, quantity: int) -> None:
    result = conn.execute(
        text(
            "UPDATE inventory SET quantity = quantity - :q, updated_at = now() "
            "WHERE product_id = :p AND warehouse_id = :w AND quantity - reserved >= :q"
        ),
        {"q": quantity, "p": product_id, "w": warehouse_id},
    )
    if result.rowcount != 1:
        raise InsufficientStock(product_id, warehouse_id)


def deposit(conn: Connection, product_id: int, warehouse_id: int, quantity: int) -> None:
    conn.execute(
        text(
            "INSERT INTO inventory (product_id, warehouse_id, quantity) VALUES (:p, :w, :q) "
            "ON CONFLICT (product_id, warehouse_id) "
            "DO UPDATE SET quantity = inventory.quantity + excluded.quantity, updated_at = now()"
        ),
        {"q": quantity, "p": product_id, "w": warehouse_id},
    )


def transfer(product_id: int, source: int, target: int, quantity: int) -> None:
    if quantity <= 0:
        raise ValueError(f"cannot move {quantity} pieces")
    with engine.begin() as conn:
        withdraw(conn, product_id, source, quantity)
        deposit(conn, product_id, target, quantity)
