"""Rows that an index or a foreign key refuses are changed until they fit, and only as much as they must be."""

from __future__ import annotations

import psycopg
import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.statements import Statement
from pytest_prodparity.synthesis.finish import Finish
from pytest_prodparity.synthesis.layout import Reference, reference
from pytest_prodparity.synthesis.refit import Refit
from tests.postgres.conftest import production_on

PARENTS = "CREATE TABLE parents (id int PRIMARY KEY, tenant int NOT NULL DEFAULT 1); INSERT INTO parents SELECT i, i % 4 FROM generate_series(1, 100) i;"
INDEXES = {
    "a parent that has none within the predicate yet": (
        "CREATE TABLE t (parent int NOT NULL, is_default boolean NOT NULL);"
        "INSERT INTO t SELECT 1 + i % 10, i % 2 = 0 FROM generate_series(1, 150) i",
        "CREATE UNIQUE INDEX one_default ON t (parent) WHERE is_default",
        [Reference(own=("parent",), parent="parents", theirs=("id",))],
    ),
    "a place outside the predicate where there are too few parents": (
        "CREATE TABLE t (parent int NOT NULL, is_default boolean NOT NULL);"
        "INSERT INTO t SELECT 1 + i % 10, i > 5 FROM generate_series(1, 300) i",
        "CREATE UNIQUE INDEX one_default ON t (parent) WHERE is_default",
        [Reference(own=("parent",), parent="parents", theirs=("id",))],
    ),
    "a text of the same length that a CHECK takes": (
        "CREATE TABLE t (code text NOT NULL CHECK (code ~ '^[a-z]{3}[0-9]{4}$'));"
        "INSERT INTO t SELECT 'abc' || lpad((i % 20)::text, 4, '0') FROM generate_series(1, 200) i",
        "CREATE UNIQUE INDEX upper_code ON t (upper(code))",
        [],
    ),
    "a key that is checked late": (
        "CREATE TABLE t (list int NOT NULL, rank int NOT NULL); INSERT INTO t SELECT i % 5, i % 30 FROM generate_series(1, 120) i",
        "ALTER TABLE t ADD CONSTRAINT ranks UNIQUE (list, rank) DEFERRABLE INITIALLY DEFERRED",
        [],
    ),
}


@pytest.mark.parametrize("name", INDEXES)
def test_rows_that_an_index_refuses_get(server: Server, name: str) -> None:
    table, statement, references = INDEXES[name]
    with production_on(server, PARENTS + table) as made, psycopg.connect(made.url, autocommit=True) as connection:
        before = connection.execute("SELECT count(*) FROM t").fetchone()
        kept, lost = Refit(connection, "t", references, set()).index(statement)
        assert (kept, lost) == (before and before[0], 0)
        assert connection.execute("SELECT count(*) FROM t").fetchone() == before
        assert connection.execute("SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass").fetchall() == [
            (True,)
        ]
        if references:
            orphans = "SELECT count(*) FROM t WHERE parent NOT IN (SELECT id FROM parents)"
            assert connection.execute(orphans).fetchone() == (0,)


def test_rows_that_find_no_place_are_counted(server: Server) -> None:
    table = "CREATE TABLE t (n int NOT NULL CHECK (n BETWEEN 0 AND 6)); INSERT INTO t SELECT i % 7 FROM generate_series(1, 30) i"
    with production_on(server, table) as made, psycopg.connect(made.url, autocommit=True) as connection:
        assert Refit(connection, "t", [], set()).index("CREATE UNIQUE INDEX days ON t (n)") == (7, 23)


TREE = (
    "CREATE TABLE t (id int PRIMARY KEY, parent int, depth int NOT NULL, CHECK ((parent IS NULL) = (depth = 0)), CHECK (parent < id));"
    "INSERT INTO t SELECT i, nullif(i / 3, 0), CASE WHEN i < 3 THEN 0 ELSE 1 END"
    " FROM generate_series(1, 200) i; DELETE FROM t WHERE id IN (4, 9, 20)"
)


def test_orphans_of_a_tree_get_other_parents_that_the_checks_take(server: Server) -> None:
    own = reference("ALTER TABLE t ADD FOREIGN KEY (parent) REFERENCES t(id)")
    assert own is not None
    with production_on(server, TREE) as made, psycopg.connect(made.url, autocommit=True) as connection:
        lost, again = Refit(connection, "t", [own], {"id"}).parents(own)
        assert (lost, again) == (0, [])
        connection.execute("ALTER TABLE t ADD FOREIGN KEY (parent) REFERENCES t(id)")
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (197,)


def test_a_parent_of_the_same_tenant_is_taken(server: Server) -> None:
    table = (
        "ALTER TABLE parents ADD UNIQUE (tenant, id); CREATE TABLE t (id int PRIMARY KEY, tenant int NOT NULL, parent int);"
        "INSERT INTO t SELECT i, i % 4, 1000 + i FROM generate_series(1, 40) i"
    )
    own = Reference(own=("tenant", "parent"), parent="parents", theirs=("tenant", "id"))
    with production_on(server, PARENTS + table) as made, psycopg.connect(made.url, autocommit=True) as connection:
        assert Refit(connection, "t", [own], {"tenant"}).parents(own) == (0, [])
        found = connection.execute("SELECT count(parent), count(*) FILTER (WHERE tenant <> id % 4) FROM t").fetchone()
        assert found == (40, 0)


def test_names_of_references_are_read_as_postgresql_prints_them() -> None:
    found = reference(
        'ALTER TABLE ONLY "a b".t ADD CONSTRAINT "x)" FOREIGN KEY ("A, b", c) REFERENCES "p (q)"."T"("i""d", c) MATCH FULL'
    )
    assert found == Reference(own=("A, b", "c"), parent='"p (q)"."T"', theirs=('i"d', "c"), full=True)


def test_the_same_rows_come_out_however_they_lay_and_they_lie_as_before(server: Server) -> None:
    found = []
    for order in ("id", "id DESC"):
        table = (
            "CREATE TABLE t (id int PRIMARY KEY, parent int NOT NULL, is_default boolean NOT NULL);"
            f"INSERT INTO t SELECT id, 1 + id % 10, id % 2 = 0 FROM generate_series(1, 150) AS id ORDER BY {order}"
        )
        own = [Reference(own=("parent",), parent="parents", theirs=("id",))]
        with production_on(server, PARENTS + table) as made, psycopg.connect(made.url, autocommit=True) as connection:
            Refit(connection, "t", own, set()).index("CREATE UNIQUE INDEX one_default ON t (parent) WHERE is_default")
            found.append(connection.execute("SELECT * FROM t ORDER BY id").fetchall())
            kept = "SELECT array_agg(id) FROM (SELECT id FROM t WHERE parent = 1 + id % 10 AND is_default = (id % 2 = 0) ORDER BY ctid) AS x"
            (ids,) = connection.execute(kept).fetchone() or ([],)
            assert len(ids) > 75
            assert ids == sorted(ids, reverse=order != "id")
    assert found[0] == found[1]


PARTED = (
    "CREATE TABLE t (id int NOT NULL, day int NOT NULL, parent int NOT NULL) PARTITION BY RANGE (day);"
    "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (10) TO (20);"
    "INSERT INTO t SELECT i, i % 20, i FROM generate_series(1, 140) i"
)


def test_orphans_of_a_partitioned_table_get_other_parents(server: Server) -> None:
    statement = "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (parent) REFERENCES parents(id)"
    with production_on(server, PARENTS + PARTED) as made, psycopg.connect(made.url, autocommit=True) as connection:
        finish = Finish(made.url, server, [Statement(text=statement, line=1)], connection)
        finish.complete(lambda *_: None, 0)
        assert finish.left_out == {}
        query = "SELECT count(*), count(*) FILTER (WHERE parent <> id) FROM t"
        assert connection.execute(query).fetchone() == (140, 40)


def test_a_partition_s_index_changes_rows_only_so_that_the_whole_table_s_references_hold(server: Server) -> None:
    later = (
        "CREATE UNIQUE INDEX once ON t_1 (parent)",
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (parent) REFERENCES parents(id)",
    )
    table = PARTED + "; UPDATE t SET parent = 1 + id % 30"
    with production_on(server, PARENTS + table) as made, psycopg.connect(made.url, autocommit=True) as connection:
        finish = Finish(made.url, server, [Statement(text=text, line=1) for text in later], connection)
        finish.complete(lambda *_: None, 0)
        assert finish.left_out == {}
        query = (
            "SELECT count(*), count(DISTINCT parent) FILTER (WHERE day < 10), count(*) FILTER (WHERE day < 10) FROM t"
        )
        assert connection.execute(query).fetchone() == (140, 70, 70)


def test_more_orphans_than_may_be_left_out_are_refused(server: Server) -> None:
    table = (
        "CREATE TABLE none (id int PRIMARY KEY); INSERT INTO none VALUES (0);"
        "CREATE TABLE t (id int PRIMARY KEY, parent int NOT NULL CHECK (parent <> 0));"
        "INSERT INTO t SELECT i, i FROM generate_series(1, 50) i"
    )
    statement = "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (parent) REFERENCES none(id)"
    with production_on(server, table) as made, psycopg.connect(made.url, autocommit=True) as connection:
        finish = Finish(made.url, server, [Statement(text=statement, line=1)], connection)
        with pytest.raises(ProdparityError, match="the generated rows break f"):
            finish.complete(lambda *_: None, 0)
