"""Matches the lines of the bank's settlement file with our orders."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import psycopg


@dataclass(frozen=True)
class Line:
    order_id: Decimal
    amount: Decimal


def parse(lines: Iterable[str]) -> Iterator[Line]:
    for row in csv.DictReader(lines, delimiter=";"):
        yield Line(order_id=Decimal(row["order"]), amount=Decimal(row["amount"].replace(",", ".")))


def order_total(conn: psycopg.Connection, order_id: Decimal) -> Decimal | None:
    row = conn.execute("SELECT total FROM orders WHERE id = %s", (order_id,)).fetchone()  # <- here
    return row[0] if row else None


def first_mismatch(conn: psycopg.Connection, lines: Iterable[str]) -> Line | None:
    """Return the first line whose amount is not what the order costs."""
    for line in parse(lines):
        if order_total(conn, line.order_id) != line.amount:
            return line
    return None
