"""A table's CHECKs, held by every block of its rows: ours by numpy, the others by asking the server."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from ..core.errors import ProdparityError
from ..profile.model import Profile
from . import approved, encode, slots
from .catalog import Attribute, Relation
from .checks import Check, Means, NotUnderstood, derived, failing, parse, satisfy
from .expressions import Unreadable
from .plan import leaves_of
from .sources import Column, Fixed, Referring, spelled
from .values import DTYPES, Array, Pool, Values, fitted, text_values

_QUERY = """
SELECT conrelid, conname, pg_catalog.pg_get_constraintdef(oid), pg_catalog.pg_get_expr(conbin, conrelid),
    (SELECT array_agg(attname::text) FROM pg_catalog.pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey))
FROM pg_catalog.pg_constraint WHERE contype = 'c' AND conrelid <> 0 ORDER BY conrelid, conname
"""
_DOMAINS = """
WITH RECURSIVE down AS (
    SELECT a.attrelid, a.attname, t.oid, t.typbasetype FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid AND t.typtype = 'd' WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT d.attrelid, d.attname, t.oid, t.typbasetype FROM down AS d
        JOIN pg_catalog.pg_type AS t ON t.oid = d.typbasetype AND t.typtype = 'd'
)
SELECT d.attrelid, d.attname, o.conname, pg_catalog.pg_get_constraintdef(o.oid) FROM down AS d
JOIN pg_catalog.pg_constraint AS o ON o.contypid = d.oid AND o.contype = 'c' ORDER BY 1, 2, 3
"""
_PARTITIONS = """
SELECT c.oid, pg_catalog.pg_get_partition_constraintdef(c.oid), ARRAY(
    SELECT DISTINCT a.attname::text FROM pg_catalog.pg_partition_ancestors(c.oid) AS n JOIN pg_catalog.pg_partitioned_table AS p ON p.partrelid = n.relid
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[]) ORDER BY 1
) FROM pg_catalog.pg_class AS c WHERE c.relispartition AND c.relkind = 'r' ORDER BY c.oid
"""
_HASHED = re.compile(r"[\w.]*satisfies_hash_partition\([^()]*\)")
_ROUNDS = 8
_FEW = 0.5
"""With so many rows that a check refuses, its column's values are replaced rather than copied from others."""
_LEAST = 0.001
"""With a smaller share of rows that pass, the table is refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A CHECK that the server evaluates."""

    name: str
    text: str
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Demands:
    """The CHECKs of one table and of its columns' domains."""

    ours: tuple[Check, ...] = ()
    asked: tuple[Asked, ...] = ()
    alone: tuple[Asked, ...] = ()
    """All of one column, ours too."""
    keys: frozenset[str] = frozenset()
    """Columns of unique indexes and of foreign keys: their values stay."""
    bound: frozenset[str] = frozenset()
    """Columns of foreign keys of several: what they hold, they hold together."""
    derived: frozenset[str] = frozenset()
    """Keys that a CHECK derives from other columns, and that nothing refers to."""
    loose: frozenset[str] = frozenset()
    """Columns that are a reference by themselves, and no key."""
    references: frozenset[str] = frozenset()
    """Columns that refer by themselves."""
    soft: frozenset[str] = frozenset()
    """Keys that nothing refers to, and that refer to nothing."""
    late: frozenset[str] = frozenset()
    """Those, and references by themselves that are part of a key: they may become another row's."""
    approved: Mapping[str, approved.Approved] = field(default_factory=dict)
    """Values that `asked` takes, by column."""


def demands(connection: psycopg.Connection[Any], relations: Sequence[Relation], profile: Profile) -> dict[int, Demands]:
    """By the table's oid. A domain's checks that we do not understand are held by the values themselves."""
    by_oid = {one.oid: one for one in relations}
    ours: dict[int, list[Check]] = defaultdict(list)
    asked: dict[int, list[Asked]] = defaultdict(list)
    alone: dict[int, list[Asked]] = defaultdict(list)
    for oid, name, definition, text, columns in connection.execute(_QUERY).fetchall():
        if oid not in by_oid or definition.endswith("NOT ENFORCED"):
            continue
        types = {one.name: one.base if one.builtin else "?" + one.base for one in by_oid[oid].attributes}
        generated = {one.name for one in by_oid[oid].attributes if one.generated}
        check = parse(definition, types=types)
        if isinstance(check, NotUnderstood) or check.columns & generated or not _told(check, by_oid[oid]):
            # of a generated column: any of those that it may be made from
            made = tuple(one.name for one in by_oid[oid].attributes if not one.generated)
            names = made if generated & set(columns or ()) else tuple(columns or ())
            asked[oid].append(Asked(name=name, text=text, columns=names))
        else:
            ours[oid].append(check)
        if columns and len(columns) == 1:
            alone[oid].append(Asked(name=name, text=text, columns=tuple(columns)))
    for oid, column, _, definition in connection.execute(_DOMAINS).fetchall():
        if oid in by_oid:
            attribute = by_oid[oid].attribute(column)
            check = parse(definition, value=column, types={column: attribute.base if attribute.builtin else "?"})
            if isinstance(check, Check):
                ours[oid].append(check)
    for oid, text, columns in connection.execute(_PARTITIONS).fetchall():
        if oid in by_oid and text:
            types = {one.name: one.base if one.builtin else "?" + one.base for one in by_oid[oid].attributes}
            check = parse(f"CHECK ({text})", types=types)
            if isinstance(check, Check):
                ours[oid].append(check)
            elif "satisfies_hash_partition" in text:
                rest = parse(f"CHECK ({_HASHED.sub('true', text)})", types=types)
                if isinstance(rest, Check):
                    ours[oid].append(rest)
                asked[oid].append(Asked(name=" partition", text=text, columns=tuple(columns)))
    roles = _roles(profile)
    return {
        one.oid: _demands(tuple(ours[one.oid]), tuple(asked[one.oid]), tuple(alone[one.oid]), roles[one.full_name])
        for one in relations
    }


def _roles(profile: Profile) -> Mapping[str, Mapping[str, set[str]]]:
    """By table: columns that are keys, that refer (`reference`, or `bound` with others), and that are referred to."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for table in profile.tables:
        roles = found[table.full_name]
        for index in table.indexes:
            if index.unique:
                roles["key"] |= set(index.columns)
        for one in table.constraints:
            if one.kind in ("primary key", "unique"):
                roles["key"] |= set(one.columns)
            elif one.kind == "exclusion" and (apart := slots.read(one.definition)) is not None:
                roles["key"] |= {*apart.equal, *apart.period}
            elif one.kind == "foreign key":
                roles["bound" if len(one.columns) > 1 else "reference"] |= set(one.columns)
                for leaf in leaves_of(profile, one.references or ""):
                    found[leaf]["referred"] |= set(one.references_columns)
    return found


def _told(check: Check, relation: Relation) -> bool:
    """Can we evaluate it, for columns of these types?"""
    blank = {one.name: _blank(one) for one in relation.attributes if one.name in check.columns}
    try:
        failing(blank, check)
    except (Unreadable, KeyError):
        return False
    return True


def _blank(attribute: Attribute) -> Values:
    zero = np.zeros(1, DTYPES.get(attribute.form, "i8"))
    if attribute.form == "text":
        return text_values(["0"])
    if attribute.form == "pool":
        return Values(form="pool", data=zero.astype("i8"), pool=Pool([b"0"], ["0"]))
    if attribute.form == "uuid":
        return Values(form="uuid", data=np.zeros((1, 16), "u1"))
    return Values(form=attribute.form, data=zero, scale=max(0, attribute.scale or 0))


def _demands(
    ours: tuple[Check, ...], asked: tuple[Asked, ...], alone: tuple[Asked, ...], roles: Mapping[str, set[str]],
) -> Demands:  # fmt: skip
    key, bound, reference, referred = (roles.get(role, set()) for role in ("key", "bound", "reference", "referred"))
    return Demands(
        ours=ours,
        asked=asked,
        alone=alone,
        keys=frozenset(key | bound | reference),
        bound=frozenset(bound),
        derived=frozenset((derived(ours) & key) - bound - reference - referred),
        loose=frozenset(reference - key - bound),
        references=frozenset(reference),
        soft=frozenset(key - bound - reference - referred),
        late=frozenset((key | reference) - bound - referred),
    )


def hold(
    block: dict[str, Values],
    columns: Sequence[tuple[Attribute, Column]],
    wanted: Demands,
    rng: np.random.Generator,
) -> Array:
    """Make the block's rows keep the checks that are ours; the rows in which that fails are returned."""
    involved = {name for check in wanted.ours for name in check.columns}
    attributes = {attribute.name: attribute for attribute, _ in columns}
    for name in involved & set(block):
        values = block[name]
        if values.form == "pool" and attributes[name].form == "text" and values.pool is not None:
            texts = spelled(values.pool, values.data)
            texts.nulls = values.nulls
            block[name] = texts
    known = []
    for check in wanted.ours:
        try:
            failing(block, check)
            known.append(check)
        except Unreadable:
            continue  # the server tells
    if known:
        satisfy(block, known, rng, means(columns, wanted, rng))
    return (
        np.any([failing(block, check) for check in known], axis=0)
        if known
        else np.zeros(len(next(iter(block.values()))), "?")
    )


def means(columns: Sequence[tuple[Attribute, Column]], wanted: Demands, rng: np.random.Generator) -> Means:
    """Keys stay; what may be NULL may become it."""

    def draw(name: str, count: int) -> Values:
        column = next(column for attribute, column in columns if attribute.name == name)
        if isinstance(column.source, Referring):
            values = column.source.decode(rng.choice(column.source.codes, count))
        elif isinstance(column, Fixed) and column.codes is not None:
            values = column.source.decode(rng.choice(column.codes, count))
        elif isinstance(column, Fixed):
            values = column.source.decode(np.arange(count))
        else:
            values = column.source.decode(column.source.draw(rng.random(count)))
        attribute = next(attribute for attribute, _ in columns if attribute.name == name)
        if values.form == "pool" and attribute.form == "text" and values.pool is not None:
            return spelled(values.pool, values.data)
        return values

    return Means(
        fixed=frozenset(
            attribute.name
            for attribute, column in columns
            if attribute.name in wanted.keys or isinstance(column.source, Referring)
        ),
        bound=wanted.bound,
        alike={
            attribute.name: id(column.source.target)
            for attribute, column in columns
            if isinstance(column.source, Referring) and attribute.name not in wanted.bound
        },
        nullable=frozenset(attribute.name for attribute, _ in columns if not attribute.not_null),
        derived=wanted.derived,
        loose=wanted.loose,
        soft=wanted.soft,
        keys=wanted.keys - wanted.bound - wanted.references,
        draw=draw,
    )


class Sieve:
    """Asks the server which rows of a block a CHECK refuses, in a table of its own."""

    def __init__(self, connection: psycopg.Connection[Any], schema: str, name: str, wanted: Demands) -> None:
        self._connection, self._table, self._wanted = connection, sql.Identifier(schema, name), wanted
        self._name = f"{schema}.{name}"
        connection.execute("DROP TABLE IF EXISTS pg_temp.sieve CASCADE")
        connection.execute(
            sql.SQL("CREATE TEMPORARY TABLE sieve (LIKE {} INCLUDING GENERATED INCLUDING COMMENTS)").format(self._table)
        )
        for (column,) in connection.execute(
            "SELECT attname FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_type AS t ON t.oid = atttypid"
            " WHERE attrelid = 'pg_temp.sieve'::regclass AND attnum > 0 AND typreceive = 0"
        ).fetchall():
            connection.execute(sql.SQL("ALTER TABLE pg_temp.sieve DROP COLUMN {}").format(sql.Identifier(column)))

    def hold(
        self, block: dict[str, Values], columns: Sequence[tuple[Attribute, Column]], rng: np.random.Generator
    ) -> None:
        """Rows that are refused get the columns of the check from rows that pass. Raises ProdparityError."""
        able = means(columns, self._wanted, rng)
        for attempt in range(_ROUNDS):
            refused = self._refused(block)
            if not any(mask.any() for mask in refused.values()):
                return
            bad = np.any(list(refused.values()), axis=0)
            if self._approve(block, columns, refused, rng):
                satisfy(block, self._wanted.ours, rng, able)
                continue
            good = np.flatnonzero(~bad)
            if len(good) < max(1, _LEAST * len(bad)) and attempt < _ROUNDS - 1:
                self._shuffle(block, refused, rng, able)
                continue
            if len(good) < max(1, _LEAST * len(bad)):
                worst = max(self._wanted.asked, key=lambda one: int(refused[one.name].sum()))
                raise self._hopeless(worst, int((~refused[worst.name]).sum()), len(bad))
            names = {name for one in self._wanted.asked if refused[one.name].any() for name in one.columns}
            grown = True
            while grown:
                more = {name for check in self._wanted.ours if check.columns & names for name in check.columns} - names
                names |= more
                grown = bool(more)
            rows = np.flatnonzero(bad)
            donors = rng.choice(good, len(rows))
            # repeated keys are dealt with when their index is made
            free = set(able.fixed) - self._wanted.loose - (self._wanted.late if attempt >= _ROUNDS // 2 else set())
            for name in sorted((names & set(block)) - free):
                block[name].put(rows, block[name].take(donors))
            satisfy(block, self._wanted.ours, rng, able)
        left = {name: int(mask.sum()) for name, mask in self._refused(block).items() if mask.any()}
        for one in self._wanted.asked:
            if one.name in left:
                raise self._hopeless(one, len(bad) - left[one.name], len(bad))

    def _approve(
        self, block: dict[str, Values], columns: Sequence[tuple[Attribute, Column]], refused: Mapping[str, Array],
        rng: np.random.Generator,
    ) -> bool:  # fmt: skip
        """Where few rows have a value that a check of one column takes, values that it is known to take."""
        done = False
        for attribute, _ in columns:
            known = self._wanted.approved.get(attribute.name)
            if known is None or attribute.name in self._wanted.keys:
                continue
            bad = np.any([refused[one] for one in sorted(known.asked)], axis=0)
            values = block[attribute.name]
            given = np.ones(len(bad), "?") if values.nulls is None else ~values.nulls
            if not bad.any() or bad[given].mean() < _FEW:
                continue
            rows = np.flatnonzero(bad)
            picked = rng.integers(0, len(known.texts), len(rows))
            if known.pool is None:
                if values.form == "pool" and values.pool is not None:
                    spelt = spelled(values.pool, values.data)
                    spelt.nulls = values.nulls
                    block[attribute.name] = values = spelt
                new = text_values(list(known.texts)).take(picked)
            else:
                nulls = None if values.nulls is None else values.nulls & ~bad
                if not bad.all():
                    # of two pools, one: what passed is copied to the others in a later round
                    picked = rng.integers(0, len(known.texts), len(values))
                block[attribute.name] = Values(
                    form="pool", data=np.zeros(len(values), "i8"), pool=known.pool, nulls=nulls
                )
                rows, new = (
                    np.arange(len(values)),
                    Values(form="pool", data=np.resize(picked, len(values)), pool=known.pool, nulls=nulls),
                )
            block[attribute.name].put(rows, new)
            done = True
        return done

    def _shuffle(
        self, block: dict[str, Values], refused: Mapping[str, Array], rng: np.random.Generator, able: Means
    ) -> None:
        """No row to copy from: the columns of the checks are combined anew."""
        names = {name for one in self._wanted.asked if refused[one.name].any() for name in one.columns}
        for name in sorted((names & set(block)) - set(able.fixed)):
            block[name] = block[name].take(rng.permutation(len(block[name])))
        for name in sorted(names & set(block) & (self._wanted.late | self._wanted.loose)):
            if able.draw is not None and block[name].form not in ("text", "pool"):
                block[name].put(
                    np.arange(len(block[name])), fitted(able.draw(name, len(block[name])), block[name].form)
                )
        satisfy(block, self._wanted.ours, rng, able)

    def _one_by_one(self, check: Asked) -> list[Any]:
        """Where the expression fails for some rows, rather than being false."""
        body = sql.SQL(
            "BEGIN RETURN (SELECT coalesce(({}), true) FROM pg_temp.sieve WHERE ctid = place);"
            " EXCEPTION WHEN data_exception OR raise_exception THEN RETURN false; END"
        ).format(sql.SQL(check.text))
        self._connection.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION pg_temp.holds(place tid) RETURNS boolean LANGUAGE plpgsql AS {}"
            ).format(sql.Literal(body.as_string(self._connection)))
        )
        return self._connection.execute("SELECT NOT pg_temp.holds(ctid) FROM pg_temp.sieve ORDER BY ctid").fetchall()

    def _hopeless(self, check: Asked, passing: int, count: int) -> ProdparityError:
        return ProdparityError(
            f"{self._name} cannot be filled: CHECK {check.name} ({check.text}) holds for {passing:,} of {count:,} generated rows.",
            tried="Rows that fail got the columns of the check from rows that pass",
            fix=f"rows={{{self._name.split('.')[-1]!r}: 0}} for tests that do not need this table's rows, or rows = 0",
        )

    def _refused(self, block: dict[str, Values]) -> dict[str, Array]:
        count = len(next(iter(block.values())))
        self._connection.execute("TRUNCATE pg_temp.sieve")
        statement = sql.SQL("COPY pg_temp.sieve ({}) FROM STDIN (FORMAT BINARY)").format(
            sql.SQL(", ").join(map(sql.Identifier, block))
        )
        with self._connection.cursor() as cursor, cursor.copy(statement) as out:
            out.write(encode.SIGNATURE)
            out.write(encode.rows(list(block.values()), count))
            out.write(encode.TRAILER)
        found = {}
        for one in self._wanted.asked:
            query = sql.SQL("SELECT NOT coalesce(({}), true) FROM pg_temp.sieve ORDER BY ctid").format(
                sql.SQL(one.text)
            )
            try:
                rows = self._connection.execute(query).fetchall()
            except (psycopg.DataError, psycopg.errors.RaiseException):
                rows = self._one_by_one(one)
            found[one.name] = np.array([row[0] for row in rows], "?")
        return found
