"""Blocks of rows into tables, over several connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql
from psycopg.copy import QueuedLibpqWriter

from ..core.errors import ProdparityError
from . import encode
from .catalog import Attribute
from .chance import generator
from .checks import failing
from .mend import Demands, Sieve, hold
from .sources import Column, block
from .values import CHUNK, Values, fitted

LOT = 64
"""Blocks of a table up to which they are loaded over one connection, in order."""
MOST_FAILING = 0.5
"""So many rows of a block may be left out because they break a CHECK about keys alone."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One table: what a worker needs to know to make any of its blocks."""

    schema: str
    name: str
    rows: int
    seed: int
    columns: tuple[tuple[Attribute, Column], ...]
    oid: int = 0
    staged: bool = False
    """Has the table a column of a type without binary form? COPY's binary format then refuses it, even if not named."""
    demands: Demands = field(default_factory=Demands)

    @property
    def full_name(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.name}"

    def block(self, start: int, count: int) -> dict[str, Values]:
        """The columns of a block."""
        made = {
            attribute.name: fitted(block(column, start, count, self.rows, self.seed, self.full_name), attribute.form)
            for attribute, column in self.columns
        }
        if self.demands.ours:
            bad = hold(made, self.columns, self.demands, self.chance(start))
            if bad.any():
                self._hopeless(made, bad)
                return {name: values.take(~bad) for name, values in made.items()}
        return made

    def _hopeless(self, made: dict[str, Values], bad: npt.NDArray[np.bool_]) -> None:
        """A few rows may be left out; with most of them the table is refused."""
        if bad.mean() <= MOST_FAILING:
            return
        worst = max(self.demands.ours, key=lambda check: int(failing(made, check).sum()))
        raise ProdparityError(
            f"{self.full_name} cannot be filled: {worst.text} does not hold for {int(bad.sum()):,} of {len(bad):,} generated rows.",
            tried=f"Its columns ({', '.join(sorted(worst.columns))}) were changed where they are no keys",
            fix=f"rows={{{self.name!r}: 0}} for tests that do not need this table's rows, or rows = 0 for an empty schema",
        )

    def chance(self, start: int) -> np.random.Generator:
        """For the repair of a block."""
        return generator(self.seed, self.full_name, "checks", str(start))

    def copy(self) -> sql.Composed:
        """The statement that takes blocks."""
        return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
            sql.Identifier("pg_temp", "staged") if self.staged else sql.Identifier(self.schema, self.name),
            sql.SQL(", ").join(sql.Identifier(attribute.name) for attribute, _ in self.columns),
        )


class Counter:
    """Hands out blocks in order, each once, to whoever comes next; all of a small table to one.

    A large table's blocks come into the table nearly in order, whoever sends them. Of a few blocks the first may be last.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._lock = threading.Lock()
        self._lots = _lots(jobs)

    def taker(self) -> Callable[[], tuple[int, int] | None]:
        """For one who loads: called, it returns (the job's number, its first row), or None at the end."""
        held: list[tuple[int, int]] = []

        def take() -> tuple[int, int] | None:
            if not held:
                with self._lock:
                    held.extend(next((lot for lot in self._lots if lot), []))
            return held.pop(0) if held else None

        return take


def _lots(jobs: Sequence[Job]) -> Iterator[list[tuple[int, int]]]:
    for at, job in enumerate(jobs):
        blocks = [(at, start) for start in range(0, job.rows, CHUNK)]
        if len(blocks) <= LOT:
            yield blocks
        else:
            yield from ([block] for block in blocks)


class _Writer(QueuedLibpqWriter):
    """Sends in a thread of its own, while the next block is made."""

    def __init__(self, cursor: psycopg.Cursor) -> None:
        super().__init__(cursor)
        # pieces of up to 128 KB: some blocks, not a whole table
        self._queue.maxsize = 64


def work(
    connection: psycopg.Connection,
    jobs: Sequence[Job],
    take: Callable[[], tuple[int, int] | None],
    done: Callable[[int, int], None],
) -> None:
    """Make and load blocks until there are none; one COPY a table, as long as the blocks are of the same.

    `done` is told the job's number and the rows sent. Raises ProdparityError where the server refuses rows.
    """
    found = take()
    while found is not None:
        number = found[0]
        job = jobs[number]
        if not job.columns:
            _bare(connection, job, min(CHUNK, job.rows - found[1]))
            done(number, min(CHUNK, job.rows - found[1]))
            found = take()
            continue
        try:
            if job.staged:
                _stage(connection, job)
            ready = _sieved(connection, job, found[1]) if job.demands.asked else None
            with connection.cursor() as cursor, cursor.copy(job.copy(), writer=_Writer(cursor)) as out:
                out.write(encode.SIGNATURE)
                while found is not None and found[0] == number:
                    count = min(CHUNK, job.rows - found[1])
                    columns = ready or job.block(found[1], count)
                    out.write(encode.rows(list(columns.values()), len(next(iter(columns.values())))))
                    done(number, count)
                    found = take()
                    if ready is not None:
                        break  # while a COPY runs, nothing can be asked
                out.write(encode.TRAILER)
            if job.staged:
                _unstage(connection, job)
            if job.staged or ready is not None:
                # a session's end drops them too, but at a moment of its own choice
                connection.execute("DROP TABLE IF EXISTS pg_temp.sieve, pg_temp.staged CASCADE")
        except psycopg.Error as cause:
            raise refused(job, cause) from cause


def _bare(connection: psycopg.Connection, job: Job, count: int) -> None:
    """Rows of a table without columns of its own to fill."""
    connection.execute(
        sql.SQL("INSERT INTO {} SELECT FROM generate_series(1, {})").format(
            sql.Identifier(job.schema, job.name), sql.Literal(count)
        )
    )


def _stage(connection: psycopg.Connection, job: Job) -> None:
    names = sql.SQL(", ").join(sql.Identifier(attribute.name) for attribute, _ in job.columns)
    connection.execute("DROP TABLE IF EXISTS pg_temp.staged")
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE staged AS SELECT {} FROM {} LIMIT 0").format(
            names, sql.Identifier(job.schema, job.name)
        )
    )


def _unstage(connection: psycopg.Connection, job: Job) -> None:
    names = sql.SQL(", ").join(sql.Identifier(attribute.name) for attribute, _ in job.columns)
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM pg_temp.staged").format(
            sql.Identifier(job.schema, job.name), names, names
        )
    )


def _sieved(connection: psycopg.Connection, job: Job, start: int) -> dict[str, Values]:
    columns = job.block(start, min(CHUNK, job.rows - start))
    Sieve(connection, job.schema, job.name, job.demands).hold(columns, job.columns, job.chance(start))
    return columns


def refused(job: Job, cause: psycopg.Error) -> ProdparityError:
    """Rows that a table does not take."""
    column = f" Column: {cause.diag.column_name}." if cause.diag.column_name else ""
    if isinstance(cause, psycopg.errors.IntegrityError):
        what = f"the generated rows break {cause.diag.constraint_name or 'a constraint'}"
    elif isinstance(cause, psycopg.errors.DiskFull):
        return ProdparityError(
            f"No space left while {job.full_name} was filled: {cause.diag.message_primary}.",
            fix="free some space (prodparity cache prune), or ask for fewer rows",
        )
    else:
        what = "the server does not take the generated rows"
    return ProdparityError(
        f"{job.full_name}: {what}: {cause.diag.message_primary or cause}.{column}",
        tried=f"COPY of {job.rows:,} rows made from the profile",
        fix=f"rows={{{job.name!r}: 0}} for tests that do not need this table's rows, or rows = 0 for an empty schema",
    )
