"""On PostgreSQL itself no class of outcomes is lost by the orders that the search leaves out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import psycopg
import pytest
from psycopg import IsolationLevel

from pytest_prodparity.races.conductor import Crew
from pytest_prodparity.races.execution import Bound, Director, Execution
from pytest_prodparity.races.footprint import Knowledge
from pytest_prodparity.races.relations import QUERY, relations
from pytest_prodparity.races.search import search
from tests.postgres.races.conftest import DATABASE, Stage
from tests.races.machine import all_orders

SCHEMA = """
CREATE TABLE left_side (id int PRIMARY KEY, v int);
CREATE TABLE right_side (id int PRIMARY KEY, v int);
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES left_side, v int);
CREATE VIEW total AS SELECT sum(v) AS s FROM left_side;
CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN UPDATE right_side SET v = v + 1 WHERE id = 2; RETURN NEW; END $$;
CREATE TRIGGER bump AFTER INSERT ON child FOR EACH ROW EXECUTE FUNCTION bump();
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
"""
GONE = "DROP TABLE IF EXISTS child, right_side, left_side CASCADE; DROP FUNCTION IF EXISTS bump"
RESET = """
TRUNCATE child, right_side, left_side;
INSERT INTO left_side VALUES (1, 10), (2, 20);
INSERT INTO right_side VALUES (1, 10), (2, 20);
"""
STATEMENTS = (
    "SELECT id, v FROM left_side ORDER BY id",
    "SELECT id, v FROM right_side ORDER BY id",
    "SELECT id, parent, v FROM child ORDER BY id",
    "SELECT s FROM total",
    "SELECT v FROM left_side WHERE id = 1 FOR UPDATE",
    "SELECT v FROM right_side WHERE id = 2 FOR SHARE",
    "UPDATE left_side SET v = v + {n} WHERE id = 1",
    "UPDATE left_side SET v = v + {n} WHERE v > 12",
    "UPDATE right_side SET v = v + {n} WHERE id = 2",
    "UPDATE left_side SET v = (SELECT v FROM right_side WHERE id = 1) + {n} WHERE id = 1",
    "UPDATE right_side SET v = (SELECT v FROM left_side WHERE id = 1) + {n} WHERE id = 2",
    "INSERT INTO child VALUES (1, 1, {n})",
    "INSERT INTO child VALUES ({n}, 2, {n})",
    "INSERT INTO child VALUES (1, 1, {n}) ON CONFLICT (id) DO UPDATE SET v = excluded.v",
    "INSERT INTO right_side SELECT 3, count(*) FROM child ON CONFLICT DO NOTHING",
    "DELETE FROM child",
    "SELECT pg_advisory_xact_lock(1)",
    "COMMIT",
    "COMMIT",
)
LEVELS = (IsolationLevel.READ_COMMITTED, IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE)


@pytest.fixture
def control(stage: Stage) -> Iterator[psycopg.Connection]:
    """Past the wire."""
    with psycopg.connect(stage.server.dsn(DATABASE), autocommit=True) as connection:
        connection.execute(GONE)
        connection.execute(SCHEMA.encode())
        yield connection
        connection.execute(GONE)


def drawn(chance: random.Random, n: int) -> list[str]:
    """A program: statements, and commits between them."""
    made = [chance.choice(STATEMENTS).format(n=n) for _ in range(chance.randint(2, 4))]
    return [sql for at, sql in enumerate(made) if sql != "COMMIT" or (at and made[at - 1] != "COMMIT")]


@contextmanager
def actor(url: str, program: Sequence[str], level: IsolationLevel) -> Iterator[Callable[[], list[object]]]:
    """Says its program on a connection that it keeps; what came of it, or the state with which it failed."""
    with psycopg.connect(url, prepare_threshold=None) as connection:
        connection.isolation_level = level

        def run() -> list[object]:
            seen: list[object] = []
            try:
                for sql in program:
                    cursor = connection.execute(sql.encode())
                    seen.append(cursor.fetchall() if cursor.description else cursor.rowcount)
                connection.commit()
            except psycopg.Error as error:
                seen.append(error.sqlstate)
                connection.rollback()
            return seen

        yield run


def came_to(run: Execution) -> str:
    return repr((run.status, [outcome.value for outcome in run.outcomes], run.notes))


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name.lower())
@pytest.mark.parametrize("seed", range(5))
def test_no_class_of_outcomes_is_lost(
    stage: Stage, control: psycopg.Connection, seed: int, level: IsolationLevel
) -> None:
    chance = random.Random(seed)
    programs = [drawn(chance, 10**number) for number in range(2)]
    knowledge = Knowledge(relations=relations(control.execute(QUERY).fetchall()))

    def ran(crew: Crew, director: Director | None = None, serially: Sequence[int] | None = None) -> Execution:
        control.execute(RESET)
        made = crew.run(director, serially=serially) if director else crew.run(serially=serially)
        left = [control.execute(f"SELECT * FROM {table} ORDER BY 1".encode()).fetchall() for table in
                ("left_side", "right_side", "child")]  # fmt: skip
        return replace(made, notes=(repr(left),))

    with ExitStack() as stack:
        crew = stage.crew(*[stack.enter_context(actor(stage.url, program, level)) for program in programs])
        serial = [ran(crew, serially=order) for order in ((0, 1), (1, 0))]
        seen: set[str] = set()

        def judge(run: Execution) -> str | None:
            seen.add(came_to(run))
            return None

        found = search(lambda director: ran(crew, director), serial, judge, Bound(seconds=60), knowledge=knowledge)
        truth = {came_to(run) for run in all_orders(lambda director: ran(crew, director))}

    assert found.exhausted, found.why
    assert seen == truth
