"""Races without a pytest of their own: a database, a wire before it, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from pytest_prodparity.databases.delta.tracker import Tracker
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.races.conductor import Crew
from pytest_prodparity.races.execution import Bound, Director, Execution
from pytest_prodparity.races.footprint import Knowledge
from pytest_prodparity.races.search import search
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream
from tests.postgres.races.anomalies import SCHEMA, Anomaly, Call


@dataclass
class Stage:
    """A database that is followed; `url` leads to it through a wire."""

    wire: Wire
    server: Server
    name: str
    tracker: Tracker

    @property
    def url(self) -> str:
        """For libpq."""
        return self.server.dsn(self.name).replace(f":{self.server.port}/", f":{self.wire.port}/")

    def past(self, query: str) -> list[tuple[object, ...]]:
        """Past the wire."""
        with closing(psycopg.connect(self.server.dsn(self.name), autocommit=True)) as connection:
            return list(connection.execute(query.encode()).fetchall())

    def back(self) -> None:
        """To the start; connections stay."""
        older = [one.backend for one in self.wire.connections]
        undone = self.tracker.undo(older=older)
        assert undone, undone.reasons


@contextmanager
def staged(server: Server, name: str, schema: str) -> Iterator[Stage]:
    """Makes the database, and drops it."""
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            with closing(psycopg.connect(server.dsn(name), autocommit=True)) as inside:
                inside.execute(schema.encode())
            upstream = Upstream(
                host=server.host, port=server.port, user=server.user, password=server.password, database=name,
                version=server.version,
            )  # fmt: skip
            with Wire(lambda: upstream, root=Path(__file__).parent) as wire, Tracker.open(server, name) as tracker:
                yield Stage(wire, server, name, tracker)
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def looked_for(server: Server, anomaly: Anomaly, level: str) -> tuple[str, int]:
    """`found`, `absent` (each order that can matter was run) or why neither; and how many orders were run."""
    with staged(server, "hermitage", SCHEMA) as stage:
        calls = [Call(stage.url, level, actor) for actor in anomaly.actors]
        with ExitStack() as stack, Crew(stage.wire, server, lambda: stage.name, calls, footprints=True) as crew:
            for call in calls:
                stack.callback(call.close)
            rows: dict[int, int] = {}

            def run(director: Director | None, serially: Sequence[int] | None = None) -> Execution:
                execution = crew.run(director, serially=serially)
                rows.clear()
                rows.update(stage.past("SELECT id, value FROM test"))  # type: ignore[arg-type]
                delta = stage.tracker.delta()
                stage.back()
                assert stage.wire.failure is None, stage.wire.failure
                assert not [outcome.error for outcome in execution.outcomes if outcome.error]
                return replace(execution, delta=delta)

            def judge(execution: Execution) -> str | None:
                results = [outcome.value for outcome in execution.outcomes]
                return anomaly.name if execution.status == "done" and anomaly.seen(results, rows) else None

            order = range(len(calls))
            run(None, tuple(order))
            serial = [run(None, tuple(order)), run(None, tuple(reversed(order)))]
            searched = search(run, serial, judge, Bound(schedules=None, seconds=60), knowledge=Knowledge())
            verdict = (
                searched.verdict if searched.verdict != "clean" else ("absent" if searched.exhausted else searched.why)
            )
            return verdict, searched.schedules
