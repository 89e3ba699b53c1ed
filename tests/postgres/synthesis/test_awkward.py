"""Each awkward schema: captured, filled into a new database, and every promise verified by queries of our own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.core.levels import Rows
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.store import Stored
from pytest_prodparity.synthesis.build import Filled, fill
from pytest_prodparity.synthesis.plan import counts
from tests.postgres.conftest import production_on
from tests.postgres.synthesis.verifier import broken, promises, row_counts, shape

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.sql"))
SHARES = [1.0, 0.3]


def stored(url: str) -> Stored:
    """Captured, as `prodparity capture` would have written it."""
    profile, schema = capture(url)
    return Stored(profile=profile, schema=schema, folder=Path("parity"))


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_database_filled_from_the_profile_keeps_every_promise_of_the_schema(server: Server, path: Path) -> None:
    with production_on(server, path.read_text()) as made:
        captured = stored(made.url)
        with psycopg.connect(made.url) as connection:
            wanted, same = promises(connection), shape(connection)
    for share in SHARES:
        asked = counts(captured.profile, rows=Rows(share=share))
        with production_on(server, "") as copy:
            filled = fill(copy.url, captured, asked, seed=7, workers=1, server=server)
            with psycopg.connect(copy.url) as connection:
                assert broken(connection, wanted) == []
                assert shape(connection) == same
                found = row_counts(connection)
        assert isinstance(filled, Filled)
        assert filled.rows == {name: found[name] for name, count in asked.items() if count}
        for name, count in asked.items():
            # a few rows may be left out where keys and CHECKs meet: never in silence
            notes = [note for note in filled.notes if note.startswith(f"{name}: ")]
            assert found[name] == count or notes
            assert found[name] >= 0.8 * count or any("which has no more" in note for note in notes)


@pytest.mark.parametrize("name", ["statuses", "programs"])
def test_rows_that_are_repaired_are_the_same_whoever_makes_them(server: Server, name: str) -> None:
    with production_on(server, (SCHEMAS[0].parent / f"{name}.sql").read_text()) as made:
        captured = stored(made.url)
    asked = counts(captured.profile, rows=Rows(share=1.0))
    found = []
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for workers in (1, 2):
        with production_on(server, "") as copy:
            fill(copy.url, captured, asked, seed=7, workers=workers, server=server, now=now)
            with psycopg.connect(copy.url) as connection:
                found.append([_content(connection, table) for table in sorted(asked)])
    assert found[0] == found[1]


def _content(connection: psycopg.Connection[Any], table: str) -> str:
    """Of the rows, in whatever order; moments that a trigger wrote are left out."""
    query = sql.SQL(
        "SELECT md5(string_agg(line, '' ORDER BY line)) FROM (SELECT (to_jsonb(t) - 'updated_at')::text AS line FROM {} t) x"
    )
    row = connection.execute(query.format(sql.Identifier(*table.split(".")))).fetchone()
    return f"{table} {row and row[0]}"
