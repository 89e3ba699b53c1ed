"""Hermitage's anomalies (Martin Kleppmann, github.com/ept/hermitage) as functions: what each transaction does, and what gives it away.

The table of PostgreSQL: which of them can occur under which isolation level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from pytest_prodparity.races.execution import READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE

LEVELS = (READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE)
SCHEMA = """
DROP TABLE IF EXISTS test;
CREATE TABLE test (id int PRIMARY KEY, value int);
INSERT INTO test VALUES (1, 10), (2, 20);
"""

Connection = psycopg.Connection[Any]
Actor = Callable[[Connection], object]
"""One transaction; what it returns is None where it was refused."""


@dataclass(frozen=True, kw_only=True)
class Anomaly:
    """`seen`: what the actors returned, and the values by id in the end."""

    name: str
    said: str
    actors: tuple[Actor, ...]
    seen: Callable[[Sequence[Any], dict[int, int]], bool]
    occurs: frozenset[str]
    """Under these levels."""


def read(connection: Connection, number: int) -> int | None:
    row = connection.execute("SELECT value FROM test WHERE id = %s", (number,)).fetchone()
    return None if row is None else int(row[0])


def write(connection: Connection, number: int, value: int) -> None:
    connection.execute("UPDATE test SET value = %s WHERE id = %s", (value, number))


def both(first: int, second: int) -> Actor:
    def transaction(connection: Connection) -> str:
        write(connection, 1, first)
        write(connection, 2, second)
        return "committed"

    return transaction


def aborts(connection: Connection) -> None:
    write(connection, 1, 101)
    connection.rollback()


def twice(connection: Connection) -> None:
    write(connection, 1, 101)
    write(connection, 1, 11)


def looks(connection: Connection) -> int | None:
    return read(connection, 1)


def writes_and_reads(mine: int, value: int, others: int) -> Actor:
    def transaction(connection: Connection) -> int | None:
        write(connection, mine, value)
        return read(connection, others)

    return transaction


def pair(connection: Connection) -> tuple[int | None, int | None]:
    return read(connection, 1), read(connection, 2)


def matching(connection: Connection) -> tuple[list[int], list[int]]:
    def found(statement: str) -> list[int]:
        return [int(row[0]) for row in connection.execute(statement.encode())]

    return found("SELECT id FROM test WHERE value = 30"), found("SELECT id FROM test WHERE value % 3 = 0")


def adds(connection: Connection) -> None:
    connection.execute("INSERT INTO test (id, value) VALUES (3, 30)")


def increments(connection: Connection) -> str:
    write(connection, 1, (read(connection, 1) or 0) + 1)
    return "committed"


def decides(mine: int, value: int) -> Actor:
    def transaction(connection: Connection) -> tuple[tuple[int | None, int | None], str]:
        seen = pair(connection)
        write(connection, mine, value)
        return seen, "committed"

    return transaction


def reserves(number: int, value: int) -> Actor:
    def transaction(connection: Connection) -> tuple[int, str]:
        rows = connection.execute("SELECT id FROM test WHERE value % 3 = 0").fetchall()
        connection.execute("INSERT INTO test (id, value) VALUES (%s, %s)", (number, value))
        return len(rows), "committed"

    return transaction


def vanishes(seen: tuple[int, int] | None, final: tuple[int, int]) -> bool:
    """Rows as they were before a transaction, after something of it was read."""
    if seen is None:
        return False
    return (seen[0] != 10 and seen[1] == 20) or (seen, final) in (((12, 19), (12, 18)), ((11, 18), (11, 19)))


WEAK = frozenset({READ_COMMITTED})
SNAPSHOT = frozenset({READ_COMMITTED, REPEATABLE_READ})
NEVER: frozenset[str] = frozenset()

ANOMALIES = (
    Anomaly(
        name="G0",
        said="write cycles: dirty write",
        actors=(both(11, 21), both(12, 22)),
        seen=lambda _, rows: (rows[1], rows[2]) in ((11, 22), (12, 21)),
        occurs=NEVER,
    ),
    Anomaly(
        name="G1a",
        said="aborted reads: dirty read",
        actors=(aborts, looks),
        seen=lambda results, _: results[1] == 101,
        occurs=NEVER,
    ),
    Anomaly(
        name="G1b",
        said="intermediate reads",
        actors=(twice, looks),
        seen=lambda results, _: results[1] == 101,
        occurs=NEVER,
    ),
    Anomaly(
        name="G1c",
        said="circular information flow",
        actors=(writes_and_reads(1, 11, 2), writes_and_reads(2, 22, 1)),
        seen=lambda results, _: results == [22, 11],
        occurs=NEVER,
    ),
    Anomaly(
        name="OTV",
        said="observed transaction vanishes",
        actors=(both(11, 19), both(12, 18), pair),
        seen=lambda results, rows: vanishes(results[2], (rows[1], rows[2])),
        occurs=NEVER,
    ),
    Anomaly(
        name="PMP",
        said="predicate-many-preceders",
        actors=(matching, adds),
        seen=lambda results, _: results[0] == ([], [3]),
        occurs=WEAK,
    ),
    Anomaly(
        name="P4",
        said="lost update",
        actors=(increments, increments),
        seen=lambda results, rows: results == ["committed", "committed"] and rows[1] == 11,
        occurs=WEAK,
    ),
    Anomaly(
        name="G-single",
        said="read skew",
        actors=(pair, both(12, 18)),
        seen=lambda results, _: results[0] == (10, 18),
        occurs=WEAK,
    ),
    Anomaly(
        name="G2-item",
        said="write skew",
        actors=(decides(1, 11), decides(2, 21)),
        seen=lambda results, _: results == [((10, 20), "committed"), ((10, 20), "committed")],
        occurs=SNAPSHOT,
    ),
    Anomaly(
        name="G2",
        said="anti-dependency cycles: write skew by a predicate",
        actors=(reserves(3, 30), reserves(4, 42)),
        seen=lambda results, _: results == [(0, "committed"), (0, "committed")],
        occurs=SNAPSHOT,
    ),
)


class Call:
    """Runs the actor in a transaction of its own on a connection that is kept; None where it is refused."""

    def __init__(self, dsn: str, level: str, actor: Actor) -> None:
        self._dsn = dsn
        self._level = level
        self._actor = actor
        self._kept: Connection | None = None

    def __call__(self) -> object:
        if self._kept is None or self._kept.closed:
            self.close()
            self._kept = psycopg.connect(self._dsn)
            self._kept.isolation_level = psycopg.IsolationLevel[self._level.upper().replace(" ", "_")]
        try:
            value = self._actor(self._kept)
            self._kept.commit()
        except psycopg.errors.SerializationFailure:
            self._kept.rollback()
            return None
        return value

    def close(self) -> None:
        """Hang up."""
        if self._kept is not None:
            self._kept.close()
