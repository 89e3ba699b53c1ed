"""`capture --probe`: aggregates over rows, each with a time limit, and all of them with one.

Nothing is read but counts, differences of times and shares. What is not probed in time is noted; nothing waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .agreements import agreements
from .connection import Reading
from .edges import soft_edges
from .fanout import fan_out
from .model import Profile, Table
from .patterns import dependencies, differences, null_patterns
from .probed import Probes
from .probing import Probing, keys, some
from .ranks import companions, grown
from .redact import Policy
from .types import ValueType


def probed(
    production: Reading,
    profile: Profile,
    policy: Policy,
    types: Mapping[tuple[str, str], ValueType],
    hidden: Iterable[str],
    seconds: float,
) -> Profile:
    """The profile with `probes` at its tables. `hidden`: tables of which row-level security shows only a part."""
    probing = Probing(production=production, policy=policy, types=types, seconds=seconds)
    tables = readable(production, profile, set(hidden))
    found: dict[str, dict[str, list[Any]]] = {name: {} for name in tables}
    everything = sorted((one for one in tables.values() if one.kind != "partitioned"), key=lambda table: table.rows)
    parents: dict[tuple[str, ...], int | None] = {}

    def add(table: Table, what: str, entries: Iterable[Any]) -> None:
        found[table.full_name].setdefault(what, []).extend(entries)

    # of a partitioned table both its parts' and the whole's: a parent has children in several parts, or all in one
    for table in [*everything, *(one for one in tables.values() if one.kind == "partitioned")]:
        for constraint in keys(table):
            production.progress(f"probing {table.full_name} ({constraint.name})")
            made = fan_out(probing, tables, table, constraint, parents)
            add(table, "fan_outs", [made] if made else [])
    production.progress("probing for undeclared keys")
    for table, constraint, overlap in soft_edges(probing, everything):
        made = fan_out(probing, tables, table, constraint, parents, soft=overlap)
        add(table, "fan_outs", [made] if made else [])
    patterns_of = {table.full_name: null_patterns(probing, table) for table in everything}
    for table in everything:
        production.progress(f"probing {table.full_name}")
        patterns, apart = patterns_of[table.full_name], differences(probing, tables, table)
        determined = dependencies(probing, table)
        add(table, "null_patterns", patterns)
        add(table, "differences", apart)
        add(table, "dependencies", determined)
        add(table, "agreements", agreements(probing, tables, table))
        edges = found[table.full_name].get("fan_outs", [])
        edges[:] = [
            grown(probing, table, tables[edge.references], edge, patterns_of.get(edge.references, []))
            if edge.references in tables and edge.references != table.full_name
            else edge
            for edge in edges
        ]
        soft = {name for edge in edges if edge.constraint is None for name in edge.columns}
        add(table, "companions", companions(probing, tables, table, apart, determined, patterns, soft))
    probing.note()
    probes = {name: Probes(**parts) for name, parts in found.items()}
    return replace(
        profile,
        tables=[
            replace(table, probes=probes[table.full_name])
            if table.full_name in probes and probes[table.full_name] != Probes()
            else table
            for table in profile.tables
        ],
    )


def readable(production: Reading, profile: Profile, hidden: set[str]) -> dict[str, Table]:
    """Tables that the role may read in whole; the others are noted."""
    kinds = [table for table in profile.tables if table.kind in ("table", "partition", "partitioned")]
    closed = [table.full_name for table in kinds if not table.readable]
    if closed:
        production.notes.append(f"Not probed, because the role may not read them: {some(closed)}.")
    partly = [table.full_name for table in kinds if table.readable and table.full_name in hidden]
    if partly:
        production.notes.append(f"Not probed, because row-level security hides rows: {some(partly)}.")
    return {table.full_name: table for table in kinds if table.readable and table.full_name not in hidden}
