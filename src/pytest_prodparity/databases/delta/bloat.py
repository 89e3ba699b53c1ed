"""Undone tests leave dead rows: tables grow a little, and plans bend. Seen to after the undo, where it is needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from .shape import Table

GROWTH = 1.02
"""Above this, against the size after the last look, a table is vacuumed."""
EVERY = 8
"""Undos between two looks."""


@dataclass
class Bloat:
    """Sizes at the start, and the tables to look at next."""

    pages: dict[int, int]
    known: dict[int, tuple[int, float]]
    """Pages and rows as the planner knew them at the start."""
    touched: dict[int, Table] = field(default_factory=dict)
    undone: int = 0
    vacuums: int = 0

    @classmethod
    def read(cls, connection: psycopg.Connection) -> Bloat:
        """All tables' sizes."""
        rows = connection.execute(
            "SELECT oid::bigint, pg_catalog.pg_relation_size(oid) / 8192, relpages, reltuples FROM pg_catalog.pg_class"
            " WHERE relkind = 'r' AND oid >= 16384 AND relpersistence = 'p'"
        ).fetchall()
        return cls(pages={row[0]: row[1] for row in rows}, known={row[0]: (row[2], row[3]) for row in rows})

    def care(self, connection: psycopg.Connection, tables: Iterable[Table]) -> bool:
        """Once in a while vacuum what grew, and tell the planner the density of the start for the pages there are.

        Was anything done?
        """
        self.touched.update((table.oid, table) for table in tables)
        self.undone += 1
        if self.undone % EVERY or not self.touched:
            return False
        before = self.vacuums
        sizes = connection.execute(
            "SELECT oid, pg_catalog.pg_relation_size(oid::regclass) / 8192 FROM pg_catalog.unnest(%s::bigint[]) AS oid",
            [list(self.touched)],
            prepare=True,
        ).fetchall()
        for oid, pages in sizes:
            if pages is not None and pages > self.pages.get(oid, 0) * GROWTH:
                self._vacuum(connection, self.touched[oid])
        self.touched.clear()
        return self.vacuums > before

    def _vacuum(self, connection: psycopg.Connection, table: Table) -> None:
        self.vacuums += 1
        connection.execute(sql.SQL("VACUUM {}").format(sql.SQL(table.printed)))
        row = connection.execute(
            "SELECT pg_catalog.pg_relation_size(%s::bigint::regclass) / 8192", [table.oid]
        ).fetchone()
        pages = self.pages[table.oid] = int(row[0]) if row else 0
        relpages, reltuples = self.known.get(table.oid, (0, -1.0))
        if connection.info.server_version >= 180000 and reltuples >= 0 and relpages:
            connection.execute(
                "SELECT pg_catalog.pg_restore_relation_stats('schemaname', n.nspname::text, 'relname', c.relname::text,"
                " 'relpages', %s::int, 'reltuples', %s::real) FROM pg_catalog.pg_class c"
                " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = %s",
                [pages, reltuples, table.oid],
            )
