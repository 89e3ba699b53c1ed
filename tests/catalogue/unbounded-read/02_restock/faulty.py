"""Restocking suggestions for the purchasing department."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class Stock:
    product_id: int
    warehouse_id: int
    quantity: int
    reserved: int

    @property
    def empty(self) -> bool:
        return self.quantity == 0


def load_stock(conn: psycopg.Connection) -> list[Stock]:
    with conn.cursor(row_factory=class_row(Stock)) as cur:
        cur.execute("SELECT product_id, warehouse_id, quantity, reserved FROM inventory")  # <- here
        return cur.fetchall()


def suggestions(conn: psycopg.Connection, limit: int = 50) -> list[dict[str, Any]]:
    """Return up to `limit` places that have run out, those with the most reservations first."""
    empty = [stock for stock in load_stock(conn) if stock.empty and stock.reserved > 0]
    empty.sort(key=lambda stock: (-stock.reserved, stock.product_id, stock.warehouse_id))
    return [{"product": s.product_id, "warehouse": s.warehouse_id, "missing": s.reserved} for s in empty[:limit]]
