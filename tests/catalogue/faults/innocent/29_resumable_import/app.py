"""Imports a long list of tags. Each chunk is committed together with the position, so a later call goes on there."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

CHUNK = 50
POSITION = (
    "SELECT attempts FROM jobs WHERE queue = 'imports' AND status = 'ready' AND payload ->> 'name' = %s FOR UPDATE"
)


class Import:
    def __init__(self, conn: psycopg.Connection, name: str, tenant_id: int) -> None:
        self.conn = conn
        self.name = name
        self.tenant_id = tenant_id

    def _position(self) -> int:
        row = self.conn.execute(POSITION, (self.name,)).fetchone()
        if row is None:
            raise LookupError(f"no import {self.name}")
        return row[0] * CHUNK

    def step(self, tags: Sequence[str]) -> bool:
        """Import the next chunk; False if there is none."""
        with self.conn.transaction():
            start = self._position()
            chunk = tags[start : start + CHUNK]
            if not chunk:
                return False
            self.conn.execute(
                "INSERT INTO tags (tenant_id, name) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
                (self.tenant_id, list(chunk)),
            )
            self.conn.execute(
                "UPDATE jobs SET attempts = attempts + 1 WHERE queue = 'imports' AND status = 'ready' AND payload ->> 'name' = %s",
                (self.name,),
            )
        return True

    def run(self, tags: Sequence[str]) -> None:
        while self.step(tags):
            pass
