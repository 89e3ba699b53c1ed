"""Collects product events and writes them in batches."""

from __future__ import annotations

import sys
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

INSERT = """
    INSERT INTO events (tenant_id, entity_type, entity_id, action, payload)
    VALUES (%s, %s, %s, %s, %s)
"""


class EventLog:
    """Use as a context manager; what is buffered is written when it is left."""

    def __init__(self, dsn: str, tenant_id: int, size: int = 100) -> None:
        self.dsn = dsn
        self.tenant_id = tenant_id
        self.size = size
        self._rows: list[tuple[Any, ...]] = []

    def __enter__(self) -> EventLog:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.flush()

    def add(self, entity_type: str, entity_id: int, action: str, **payload: Any) -> None:
        self._rows.append((self.tenant_id, entity_type, entity_id, action, Jsonb(payload)))
        if len(self._rows) >= self.size:
            self.flush()

    def flush(self) -> None:
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        try:
            with psycopg.connect(self.dsn) as conn, conn.cursor() as cur:
                cur.executemany(INSERT, rows)
        except psycopg.Error as error:
            print(f"cannot write {len(rows)} events: {error}", file=sys.stderr)
