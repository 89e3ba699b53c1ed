"""An empty database -> one like production's, filled."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ..core.errors import ProdparityError
from ..databases import schema
from ..databases.delta.prepare import prepared
from ..databases.provider import Server
from ..databases.statements import Statement
from ..profile.store import Stored
from . import catalog
from .approved import approved
from .columns import Maker
from .design import Designer
from .finish import Finish
from .load import Job
from .mend import demands
from .team import load

VERSION = 8
"""Raised whenever the same profile, counts and seed make other rows: kept databases are then built anew."""


class Progress(Protocol):
    """Called now and then from the thread that called `fill`."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """`done` of `total` rows are loaded; `what` is going on, such as `public.orders` or `indexes`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """What `fill` did."""

    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    """What was approximated, in sentences; which rows were left out comes first."""


def fill(
    dsn: str,
    stored: Stored,
    counts: Mapping[str, int],
    *,
    seed: int,
    progress: Progress | None = None,
    workers: int | None = None,
    server: Server | None = None,
    now: datetime | None = None,
) -> Filled:
    """Make the profile's schema in the empty database `dsn`, with `counts` rows (by full name), verified.

    The same profile, counts, seed and day give the same rows. `server`: where `dsn` lies; unknown, a superuser's
    database counts as ours. `now`: when the time axis ends. `workers`: processes that make rows; by default as many as
    pay. Raises ProdparityError that names the table, the constraint and the remedy.
    """
    began = time.monotonic()
    say: Progress = progress or _quiet
    where = server or _server(dsn)
    database = str(conninfo_to_dict(dsn)["dbname"])
    notes: list[str] = []
    lost: list[str] = []
    made: dict[str, int] = {}

    def rest(later: list[Statement]) -> None:
        total = sum(counts.values())
        with psycopg.connect(dsn, autocommit=True) as connection:
            prepare(connection, where)
            say(0, total, "plan")
            jobs = plan_jobs(connection, stored, counts, seed, now or datetime.now(UTC), notes)
            made.update({job.full_name: job.rows for job in jobs})
            finish = Finish(dsn, where, later, connection)
            finish.detach()
            load(dsn, connection, jobs, say, workers)
            finish.complete(say, sum(made.values()))
            _counted(connection, finish, jobs, made, lost)

    loaded = schema.load(where, database, stored.schema, extensions=stored.profile.extensions, rest=rest)
    prepared(where, database)
    return Filled(rows=made, seconds=time.monotonic() - began, notes=[*lost, *loaded.notes, *notes])


def _counted(
    connection: psycopg.Connection, finish: Finish, jobs: Sequence[Job], made: dict[str, int], notes: list[str]
) -> None:
    """Rows that no constraint took are left out, and said so."""
    lost = {
        row[0]
        for table in finish.left_out
        for row in connection.execute(
            "SELECT %s::regclass::oid UNION SELECT relid FROM pg_catalog.pg_partition_tree(%s::regclass)",
            [table, table],
        ).fetchall()
    }
    for job in jobs:
        if job.oid in lost or job.demands.ours:
            name = sql.Identifier(job.schema, job.name)
            row = connection.execute(sql.SQL("SELECT count(*) FROM ONLY {}").format(name)).fetchone()
            found = int(row[0]) if row else 0
            if found < job.rows:
                made[job.full_name] = found
                notes.append(
                    f"{job.full_name}: {job.rows - found:,} of {job.rows:,} rows were left out: they broke its constraints."
                )


def _quiet(done: int, total: int, what: str) -> None:
    """Progress that nobody wants."""


def prepare(connection: psycopg.Connection, server: Server) -> None:
    """Settings for filling."""
    connection.execute("SET search_path = ''; SET synchronous_commit = off; SET client_min_messages = warning")
    if server.kind != "external":
        schema.become_loader(connection)


def plan_jobs(
    connection: psycopg.Connection,
    stored: Stored,
    counts: Mapping[str, int],
    seed: int,
    now: datetime,
    notes: list[str],
) -> list[Job]:
    """One for each table that gets rows."""
    relations = catalog.relations(connection)
    maker = Maker(catalog.Reader(connection), stored.profile, now=now)
    wanted = demands(connection, list(relations.values()), stored.profile)
    for name in counts:
        relation = relations.get(name)
        if relation is not None and counts[name] and wanted[relation.oid].asked:
            found = approved(connection, stored.profile, relation, wanted[relation.oid], maker)
            wanted[relation.oid] = replace(wanted[relation.oid], approved=found)
    designer = Designer(stored.profile, relations, counts, maker, seed, wanted, connection)
    names: Sequence[str] = [name for name in counts if counts[name] > 0]
    missing = [name for name in names if name not in relations]
    if missing:
        raise ProdparityError(
            f"schema.sql does not make the table {missing[0]}, which profile.json has.",
            fix="capture again: the two files do not belong together",
        )
    jobs = []
    for name in names:
        design = designer.design(name)
        jobs.append(
            Job(
                schema=design.relation.schema, name=design.relation.name, rows=design.rows, seed=seed, oid=design.relation.oid,
                staged=any(not one.receives for one in design.relation.attributes),
                columns=tuple(design.ordered()), demands=wanted[design.relation.oid],
            )
        )  # fmt: skip
    notes += dict.fromkeys(designer.notes)
    # the largest first, so that no worker is left alone with one at the end
    return sorted(jobs, key=lambda job: -job.rows * len(job.columns))


def _server(dsn: str) -> Server:
    with psycopg.connect(dsn, autocommit=True) as connection:
        info = connection.info
        row = connection.execute("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user").fetchone()
        superuser = bool(row and row[0])
        return Server(
            host=info.host, port=info.port, user=info.user, password=info.password,
            version=info.server_version, kind="embedded" if superuser else "external", superuser=superuser,
            sslmode=str(conninfo_to_dict(dsn).get("sslmode") or "prefer"),
        )  # fmt: skip
