"""Values that a CHECK takes which only the server can evaluate: production's own, and others that look like them.

A function's text often says what it wants: the patterns and keys in it are tried too. The server has the last word.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
from psycopg import sql

from ..profile.model import Profile, Table
from .chance import generator
from .expressions import Unreadable
from .patterns import shape, texts
from .sources import Pooled, Source, spelled
from .values import Pool, texts_of

if TYPE_CHECKING:
    from .catalog import Attribute, Relation
    from .columns import Maker
    from .mend import Asked, Demands
    from .subject import Subject

ENOUGH = 500
"""So many values of a column are looked for."""
TRIED = 6_000
"""Of so many."""
MOST = 100_000
"""So many are tried at once."""
LISTED = 300_000
"""Of a column whose values differ, so many are looked for."""
LEAST = 0.002
"""Where so few are taken, the search ends."""
SAMPLE = 200
_KINDS = (string.digits, string.ascii_uppercase, string.ascii_lowercase)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_FUNCTIONS = """
SELECT DISTINCT p.prosrc FROM pg_catalog.pg_constraint AS o
JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_constraint'::regclass AND d.objid = o.oid AND d.refclassid = 'pg_proc'::regclass
JOIN pg_catalog.pg_proc AS p ON p.oid = d.refobjid WHERE o.conrelid = %s AND o.conname = %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Approved:
    """What one column may hold."""

    checks: tuple[Asked, ...]
    asked: frozenset[str]
    """Names of those that only the server evaluates."""
    texts: tuple[str, ...]
    pool: Pool | None = None
    """Their binary forms, where the column's type is not text."""


def approved(
    connection: psycopg.Connection[Any], profile: Profile, relation: Relation, wanted: Demands, maker: Maker
) -> dict[str, Approved]:
    """By column, of the checks about one column alone."""
    table = next((one for one in profile.tables if one.full_name == relation.full_name), None)
    found: dict[str, Approved] = {}
    for name in dict.fromkeys(one.columns[0] for one in wanted.asked if len(one.columns) == 1):
        attribute = relation.attribute(name)
        if table is None or attribute.generated:
            continue
        own = [one for one in wanted.alone if one.columns == (name,)]
        sources = [one.text for one in own]
        for one in own:
            sources += [row[0] for row in connection.execute(_FUNCTIONS, [relation.oid, one.name]).fetchall()]
        taken = passing(connection, attribute, own, list(dict.fromkeys(_tried(table, attribute, sources))))[:ENOUGH]
        if taken and attribute.form == "text":
            found[name] = Approved(
                checks=tuple(own), asked=frozenset(one.name for one in wanted.asked if one in own), texts=tuple(taken)
            )
        elif taken and attribute.form == "pool":
            binary = maker.literals(attribute, taken)
            if len(binary) == len(taken):
                found[name] = Approved(
                    checks=tuple(own),
                    asked=frozenset(one.name for one in wanted.asked if one in own),
                    texts=tuple(taken),
                    pool=Pool(binary, taken),
                )
    return found


def distinct(
    connection: psycopg.Connection[Any], subject: Subject, known: Approved, source: Source, seed: int
) -> Pooled | None:
    """As many different texts as rows that all the checks take; None where `source`'s do, or where none are found."""
    rows, attribute = subject.rows, subject.attribute
    values = source.decode(np.linspace(0, max(0, rows - 1), min(rows, SAMPLE)).astype("i8"))
    if values.form == "pool" and values.pool is not None:
        values = spelled(values.pool, values.data)
    sample = [text for text in texts_of(values) if text is not None]
    if rows > LISTED or len(passing(connection, attribute, known.checks, sample)) == len(sample):
        return None
    chance = generator(seed, subject.table.full_name, attribute.name, "approved")
    found, share = dict.fromkeys(known.texts), 0.5
    while len(found) < rows:
        tried = like(known.texts, int(min(MOST, (rows - len(found)) / share * 1.2 + 50)), chance)
        before = len(found)
        found |= dict.fromkeys(passing(connection, attribute, known.checks, list(dict.fromkeys(tried))))
        share = (len(found) - before) / max(1, len(tried))
        if share < LEAST:
            return None
    texts = list(found)[:rows]
    return Pooled(pool=Pool([text.encode() for text in texts], texts), weights=np.ones(rows))


def passing(
    connection: psycopg.Connection[Any], attribute: Attribute, checks: Sequence[Asked], tried: Sequence[str]
) -> list[str]:
    """Those of `tried` that the server takes."""
    kept = list(tried)
    for check in checks:
        body = sql.SQL("SELECT coalesce(({}), true) FROM (SELECT $1::{} AS {}) AS x").format(
            sql.SQL(check.text), sql.SQL(attribute.declared), sql.Identifier(attribute.name)
        )
        text = sql.SQL(
            "BEGIN RETURN ({}); EXCEPTION WHEN OTHERS THEN RETURN false; END"
        ).format(body)  # fmt: skip
        with connection.transaction():
            connection.execute(
                sql.SQL(
                    "CREATE OR REPLACE FUNCTION pg_temp.approves(text) RETURNS boolean LANGUAGE plpgsql AS {}"
                ).format(sql.Literal(text.as_string(connection)))
            )
            rows = connection.execute(
                "SELECT pg_temp.approves(x) FROM unnest(%s::text[]) WITH ORDINALITY AS t(x, n) ORDER BY n", [kept]
            )
            kept = [text for text, (good,) in zip(kept, rows.fetchall(), strict=True) if good]
            connection.execute("DROP FUNCTION pg_temp.approves(text)")
        if not kept:
            return []
    return kept


def like(known: Sequence[str], count: int, chance: np.random.Generator) -> list[str]:
    """Texts like these: one to all of a text's digits and letters are others of their kind."""
    found = []
    for at, least in zip(chance.integers(0, len(known), count), chance.random(count), strict=True):
        letters = list(known[int(at)])
        places = [place for place, sign in enumerate(letters) if sign.isascii() and sign.isalnum()]
        several = max(1, round(len(places) * least**2))
        for place in chance.permutation(len(places))[:several].tolist():
            kind = next(one for one in _KINDS if letters[places[place]] in one)
            letters[places[place]] = kind[int(chance.integers(0, len(kind)))]
        found.append("".join(letters))
    return found


def _tried(table: Table, attribute: Attribute, sources: Sequence[str]) -> Iterator[str]:
    column = next((one for one in table.columns if one.name == attribute.name), None)
    known: list[str] = []
    for statistics in (column.statistics, column.inherited_statistics) if column else ():
        if statistics is not None:
            known += [*(statistics.most_common_vals or ()), *(statistics.histogram_bounds or ())]
    yield from known
    chance = generator(0, table.full_name, attribute.name, "approved")
    literals = [found.replace("''", "'") for source in sources for found in _LITERAL.findall(source)]
    if attribute.base in ("json", "jsonb"):
        yield from _documents(literals)
        return
    if attribute.form != "text":
        yield from _others(attribute, literals)
        yield from literals
        return
    limit = attribute.limit
    if known:
        yield from like(known, TRIED, chance)
    for literal in literals:
        try:
            pattern = shape(literal)
        except Unreadable:
            continue
        if pattern.size > 1:
            made = texts(pattern, chance.integers(0, min(pattern.size, 2**62), ENOUGH))
            yield from (text for text in texts_of(made) if text is not None and (not limit or len(text) <= limit))
    yield from literals
    if not known:
        yield from _plain(sources, limit, chance)


def _plain(sources: Sequence[str], limit: int | None, chance: np.random.Generator) -> Iterator[str]:
    """Of the lengths that the CHECK speaks of, or of usual ones."""
    spoken = {int(one) for source in sources for one in re.findall(r"\b\d{1,2}\b", source)}
    lengths = sorted(one for one in spoken | {4, 8, 10, 12, 16} if 0 < one <= (limit or 40))
    for kind in _KINDS:
        for length in lengths:
            for _ in range(40):
                yield "".join(kind[int(one)] for one in chance.integers(0, len(kind), length))


def _documents(literals: Sequence[str]) -> Iterator[str]:
    """With the keys that the CHECK speaks of."""
    keys = [
        one for one in dict.fromkeys(literals) if one and one not in ("object", "array", "string", "number", "boolean")
    ]
    values: tuple[object, ...] = ("x", 1, True, [], {}, ["x"], [1])
    for value in values:
        yield json.dumps(dict.fromkeys(keys, value))
        yield from (json.dumps({key: value}) for key in keys)
    yield from ("{}", "[]", "1", '"x"', "true", "null", '["x"]', "[1]", '[{"x": 1}]')
    yield from (one for one in literals if one[:1] in ("{", "["))


def _others(attribute: Attribute, literals: Sequence[str]) -> Iterator[str]:
    if attribute.category == "A":
        words = ['"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"' for one in dict.fromkeys(literals)]
        yield from ("{" + ",".join(words[:several]) + "}" for several in range(1, len(words) + 1))
        yield from ("{" + word + "}" for word in words)
        yield from ("{" + word + ",x}" for word in words)
        yield from ("{}", "{1}", "{1,2}", "{x}", "{x,y}", "{a,b,c}")
    if attribute.kind == "r":
        yield from ("[1,10)", "[0,1)", "[2024-01-01,2024-02-01)")
    yield from attribute.labels
