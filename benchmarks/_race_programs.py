"""Programs that race, each with a corrected twin: the same ones for us and for frontrun. psycopg and the standard library only."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import IsolationLevel

Connection = psycopg.Connection[Any]
Actor = Callable[[Connection], object]
Held = Callable[[Connection], bool]


@dataclass(frozen=True, kw_only=True)
class Program:
    """`holds`, asked after all actors, is needed by frontrun only."""

    name: str
    schema: LiteralString
    reset: tuple[LiteralString, ...]
    """Back to the start, for a tool that does not do it."""
    faulty: tuple[Actor, ...]
    corrected: tuple[Actor, ...]
    holds: Held
    isolation: IsolationLevel | None = None
    corrected_isolation: IsolationLevel | None = None


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """As the DB-API has it: `commit` and `rollback` are what frontrun knows."""
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def number(connection: Connection, query: LiteralString, *values: object) -> int:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])


def withdraws(query: LiteralString, amount: int) -> Actor:
    def withdraw(connection: Connection) -> None:
        with transaction(connection):
            balance = number(connection, query)
            connection.execute("UPDATE accounts SET balance = %s WHERE id = 1", [balance - amount])

    return withdraw


def leaves(doctor: int, lock: LiteralString) -> Actor:
    def leave(connection: Connection) -> None:
        with transaction(connection):
            on_call = connection.execute(f"SELECT id FROM doctors WHERE on_call ORDER BY id{lock}").fetchall()
            if len(on_call) > 1:
                connection.execute("UPDATE doctors SET on_call = false WHERE id = %s", [doctor])

    return leave


def transfers(*accounts: int) -> Actor:
    def transfer(connection: Connection) -> None:
        with transaction(connection):
            for account in accounts:
                connection.execute("UPDATE accounts SET balance = balance + 1 WHERE id = %s", [account])

    return transfer


def adds_line(connection: Connection) -> None:
    with transaction(connection):
        connection.execute("INSERT INTO lines (parent, amount) VALUES (1, 5)")
        connection.execute("SELECT total FROM orders WHERE id = 1 FOR UPDATE")
        connection.execute("UPDATE orders SET total = total + 5 WHERE id = 1")


def adds_line_locked(connection: Connection) -> None:
    with transaction(connection):
        connection.execute("SELECT total FROM orders WHERE id = 1 FOR UPDATE")
        connection.execute("INSERT INTO lines (parent, amount) VALUES (1, 5)")
        connection.execute("UPDATE orders SET total = total + 5 WHERE id = 1")


def signs_up(connection: Connection) -> None:
    with transaction(connection):
        if number(connection, "SELECT count(*) FROM people WHERE email = 'a@b.example'") == 0:
            connection.execute("INSERT INTO people (email) VALUES ('a@b.example')")


def signs_up_locked(connection: Connection) -> None:
    with transaction(connection):
        connection.execute("SELECT pg_advisory_xact_lock(7)")
        if number(connection, "SELECT count(*) FROM people WHERE email = 'a@b.example'") == 0:
            connection.execute("INSERT INTO people (email) VALUES ('a@b.example')")


def copies(source: int, target: int, *, locked: bool) -> Actor:
    def copy(connection: Connection) -> None:
        with transaction(connection):
            if locked:
                connection.execute("SELECT id FROM accounts WHERE id = 1 FOR UPDATE")
            value = number(connection, "SELECT balance FROM accounts WHERE id = %s", source)
            connection.execute("UPDATE accounts SET balance = %s WHERE id = %s", [value + 1, target])

    return copy


ACCOUNTS = (
    "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL); INSERT INTO accounts SELECT n, 100 * n FROM"
    " generate_series(1, 3) n"
)
ACCOUNTS_BACK = ("UPDATE accounts SET balance = 100 * id",)
BALANCE = "SELECT balance FROM accounts WHERE id = 1"

LOST_UPDATE = Program(
    name="lost update", schema=ACCOUNTS, reset=ACCOUNTS_BACK,
    faulty=(withdraws(BALANCE, 10), withdraws(BALANCE, 20)),
    corrected=(withdraws(f"{BALANCE} FOR UPDATE", 10), withdraws(f"{BALANCE} FOR UPDATE", 20)),
    holds=lambda connection: number(connection, BALANCE) == 70,
)  # fmt: skip
WRITE_SKEW = Program(
    name="write skew, repeatable read",
    schema="CREATE TABLE doctors (id int PRIMARY KEY, on_call bool NOT NULL); INSERT INTO doctors VALUES (1, true), (2, true)",
    reset=("UPDATE doctors SET on_call = true",),
    faulty=(leaves(1, ""), leaves(2, "")), corrected=(leaves(1, " FOR UPDATE"), leaves(2, " FOR UPDATE")),
    holds=lambda connection: number(connection, "SELECT count(*) FROM doctors WHERE on_call") >= 1,
    isolation=IsolationLevel.REPEATABLE_READ,
)  # fmt: skip
DEADLOCK = Program(
    name="deadlock by order", schema=ACCOUNTS, reset=ACCOUNTS_BACK,
    faulty=(transfers(1, 2), transfers(2, 1)), corrected=(transfers(1, 2), transfers(1, 2)),
    holds=lambda connection: number(connection, "SELECT sum(balance) FROM accounts") == 604,
)  # fmt: skip
FOREIGN_KEY = Program(
    name="deadlock by foreign key",
    schema="CREATE TABLE orders (id int PRIMARY KEY, total int NOT NULL);"
    " CREATE TABLE lines (parent int REFERENCES orders, amount int); INSERT INTO orders VALUES (1, 0)",
    reset=("DELETE FROM lines", "UPDATE orders SET total = 0"),
    faulty=(adds_line, adds_line), corrected=(adds_line_locked, adds_line_locked),
    holds=lambda connection: number(connection, "SELECT total FROM orders") == 10,
)  # fmt: skip
CHECK_INSERT = Program(
    name="check, then insert", schema="CREATE TABLE people (email text NOT NULL)", reset=("DELETE FROM people",),
    faulty=(signs_up, signs_up), corrected=(signs_up_locked, signs_up_locked),
    holds=lambda connection: number(connection, "SELECT count(*) FROM people") == 1,
)  # fmt: skip


def ring(balances: list[int]) -> bool:
    """Each copies another's balance, plus one: some order of the three explains it."""
    possible = []
    for order in itertools.permutations([(1, 2), (2, 3), (3, 1)]):
        now = {1: 100, 2: 200, 3: 300}
        for source, target in order:
            now[target] = now[source] + 1
        possible.append(list(now.values()))
    return balances in possible


THREE = Program(
    name="write skew of three, repeatable read", schema=ACCOUNTS, reset=ACCOUNTS_BACK,
    faulty=(copies(1, 2, locked=False), copies(2, 3, locked=False), copies(3, 1, locked=False)),
    corrected=(copies(1, 2, locked=True), copies(2, 3, locked=True), copies(3, 1, locked=True)),
    holds=lambda connection: ring(
        [row[0] for row in connection.execute("SELECT balance FROM accounts ORDER BY id").fetchall()]
    ),
    isolation=IsolationLevel.REPEATABLE_READ, corrected_isolation=IsolationLevel.READ_COMMITTED,
)  # fmt: skip

PROGRAMS = (LOST_UPDATE, WRITE_SKEW, DEADLOCK, FOREIGN_KEY, CHECK_INSERT, THREE)


def connect(program: Program, url: str, *, corrected: bool) -> Connection:
    """For one actor."""
    connection = psycopg.connect(url)
    connection.isolation_level = program.corrected_isolation if corrected else program.isolation
    return connection
