"""Mail merge: one thread reads customers, the other renders; reading and rendering overlap."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from string import Template

import psycopg

LETTER = Template("Dear $name, you have $points points.")
END = None


class Reader(threading.Thread):
    def __init__(self, dsn: str, customers: list[int], rows: queue.Queue) -> None:
        super().__init__(daemon=True)
        self.dsn = dsn
        self.customers = customers
        self.rows = rows

    def run(self) -> None:
        with psycopg.connect(self.dsn) as conn:
            cur = conn.execute("SELECT name, points FROM customers WHERE id = ANY(%s) ORDER BY id", (self.customers,))
            for row in cur:
                self.rows.put(row)
        self.rows.put(END)


def letters(dsn: str, customers: list[int]) -> Iterator[str]:
    rows: queue.Queue = queue.Queue()
    reader = Reader(dsn, customers, rows)
    reader.start()
    while (row := rows.get()) is not END:
        name, points = row
        yield LETTER.substitute(name=name, points=points)
    reader.join()
