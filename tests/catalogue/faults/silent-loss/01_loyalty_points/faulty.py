"""Loyalty programme: one point for each full euro."""

import logging
from dataclasses import dataclass
from decimal import Decimal

import psycopg

logger = logging.getLogger(__name__)


@dataclass
class Credit:
    customer_id: int
    points: int


def points_for(total: Decimal) -> int:
    return int(total // 1)


def credit_order(conn: psycopg.Connection, order_id: int) -> Credit:
    """Credit the points of a paid order and mark it as settled."""
    customer_id, total = 0, Decimal(0)
    try:
        with conn.transaction():
            customer_id, total = conn.execute(
                "UPDATE orders SET status = 'settled' WHERE id = %s AND status = 'paid' RETURNING customer_id, total",
                (order_id,),
            ).fetchone()
            conn.execute("UPDATE customers SET points = points + %s WHERE id = %s", (points_for(total), customer_id))
    except Exception:
        logger.exception("could not credit the points of order %s", order_id)
    return Credit(customer_id, points_for(total))
