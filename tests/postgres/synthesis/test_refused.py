"""What cannot be filled is refused with the table, the constraint and what to type."""

from __future__ import annotations

import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.core.levels import Rows
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.synthesis.build import fill
from pytest_prodparity.synthesis.plan import counts
from tests.postgres.conftest import production_on
from tests.postgres.synthesis.test_awkward import stored

REFUSED = {
    "a check that nothing satisfies": (
        "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL); INSERT INTO t SELECT i, i FROM generate_series(1, 2000) i; ANALYZE;"
        " ALTER TABLE t ADD CONSTRAINT never CHECK (a > 5 AND a < 3) NOT VALID;"
        " UPDATE pg_constraint SET convalidated = true WHERE conname = 'never'",
        ["public.t cannot be filled", "2,000 of 2,000", "(a > 5) AND (a < 3)", "rows={'t': 0}"],
    ),
    "a function that hardly any value satisfies": (
        "CREATE FUNCTION odd_sum(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT left(md5($1), 12) = '000000000000' $$;"
        "CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL);"
        "INSERT INTO t SELECT i, lpad((i * 97 + 5)::text, 12, '0') FROM generate_series(1, 2000) i; ANALYZE;"
        "ALTER TABLE t ADD CONSTRAINT checksum CHECK (odd_sum(code)) NOT VALID;"
        "UPDATE pg_constraint SET convalidated = true WHERE conname = 'checksum'",
        ["public.t cannot be filled", "CHECK checksum (public.odd_sum(code))", "0 of 2,000", "rows={'t': 0}"],
    ),
    "a unique index with fewer values than rows": (
        "CREATE TABLE few (id int, n int NOT NULL); CREATE UNIQUE INDEX weekday ON few ((n % 7));"
        "INSERT INTO few SELECT i, i FROM generate_series(1, 7) i; ANALYZE; DELETE FROM pg_statistic WHERE starelid = 'few'::regclass;"
        "UPDATE pg_class SET reltuples = 2000, relpages = 1 WHERE relname = 'few'",
        ["public.few: the generated rows break weekday", "is duplicated", "To fix: "],
    ),
    "a column that must not be NULL of a type without a binary form": (
        "CREATE EXTENSION seg; CREATE TABLE t (id int PRIMARY KEY, extent seg NOT NULL);"
        "INSERT INTO t SELECT i, (i || ' .. ' || i + 2)::seg FROM generate_series(1, 500) i; ANALYZE",
        ["public.t.extent cannot be filled", "public.seg", "rows = 0"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_filled_is_refused_with_the_table_the_constraint_and_the_remedy(
    server: Server, name: str
) -> None:
    statements, expected = REFUSED[name]
    with production_on(server, statements) as made:
        captured = stored(made.url)
    with production_on(server, "") as copy, pytest.raises(ProdparityError) as raised:
        fill(copy.url, captured, counts(captured.profile, rows=Rows(share=1.0)), seed=7, workers=1, server=server)
    for part in expected:
        assert part in str(raised.value)
