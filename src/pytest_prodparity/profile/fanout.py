"""Children per parent: one GROUP BY per key, or, for a large indexed table, the children of sampled parents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg import sql

from .model import Constraint, Table
from .probed import FanOut
from .probing import Probing, rows_of

LARGE = 5_000_000
"""Children from which on parents are sampled, where an index finds their children."""
SAMPLED = 10_000
"""Parents."""
DETAIL = 48
"""Numbers of children that are told apart; greater ones are taken together."""


def fan_out(
    probing: Probing,
    tables: Mapping[str, Table],
    table: Table,
    constraint: Constraint,
    parents: dict[tuple[str, ...], int | None],
    *,
    soft: float | None = None,
) -> FanOut | None:
    """Of one key; None where it could not be counted. `parents` keeps counts of parents; `soft`: a soft edge's overlap."""
    assert constraint.references is not None
    what = f"fan-out of {table.full_name} ({', '.join(constraint.columns)})"
    edge = FanOut(
        columns=constraint.columns, references=constraint.references, references_columns=constraint.references_columns,
        constraint=constraint.name if soft is None else None, overlap=1.0 if soft is None else soft,
    )  # fmt: skip
    parent = tables.get(constraint.references)
    pairs, orphans = None, 0
    if soft is None and parent is not None and table.rows > LARGE and _indexed(table, constraint.columns):
        pairs = _sampled(probing, what, table, parent, constraint)
    if pairs is None:
        if soft is not None and parent is not None:
            orphans = _orphans(probing, what, table, parent, constraint)
        pairs = _grouped(probing, what, table, parent, constraint, parents, orphans)
    if pairs is None:
        return edge if soft is not None else None
    sizes, counts = merged(pairs)
    return FanOut(
        columns=edge.columns, references=edge.references, references_columns=edge.references_columns,
        constraint=edge.constraint, sizes=sizes, parents=counts, overlap=edge.overlap, orphans=orphans,
    )  # fmt: skip


def _indexed(table: Table, columns: Sequence[str]) -> bool:
    return any(
        index.valid and index.partial is None and set(index.columns[: len(columns)]) == set(columns)
        for index in table.indexes
    )


def _grouped(
    probing: Probing, what: str, table: Table, parent: Table | None, constraint: Constraint,
    parents: dict[tuple[str, ...], int | None], orphans: int,
) -> list[tuple[int, int]] | None:  # fmt: skip
    names = [sql.Identifier(name) for name in constraint.columns]
    present = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(name) for name in names)
    rows = probing.ask(
        what,
        sql.SQL(
            "SELECT children, count(*) AS parents FROM (SELECT count(*) AS children FROM {} WHERE {} GROUP BY {}) AS k"
            " GROUP BY children ORDER BY children"
        ).format(rows_of(table), present, sql.SQL(", ").join(names)),
    )
    if rows is None:
        return None
    pairs = [(int(row["children"]), int(row["parents"])) for row in rows]
    with_children = sum(count for _, count in pairs) - orphans
    total = _parents(probing, parent, parents) if parent is not None else None
    childless = max(0, (total if total is not None else round(parent.rows) if parent else 0) - with_children)
    return [(0, childless), *pairs] if childless else pairs


def _orphans(probing: Probing, what: str, table: Table, parent: Table, constraint: Constraint) -> int:
    """Different values of a soft edge that no parent has."""
    (column,), (key,) = constraint.columns, constraint.references_columns
    rows = probing.ask(
        f"{what} without parent",
        sql.SQL(
            "SELECT count(*) AS n FROM (SELECT DISTINCT {} AS v FROM {} WHERE {} IS NOT NULL) AS d"
            " WHERE NOT EXISTS (SELECT FROM {} AS p WHERE p.{} = v)"
        ).format(sql.Identifier(column), rows_of(table), sql.Identifier(column), rows_of(parent), sql.Identifier(key)),
    )
    return int(rows[0]["n"]) if rows else 0


def _parents(probing: Probing, parent: Table, known: dict[tuple[str, ...], int | None]) -> int | None:
    """All rows of the parent, counted once."""
    key = (parent.full_name,)
    if key not in known:
        rows = probing.ask(
            f"rows of {parent.full_name}", sql.SQL("SELECT count(*) AS n FROM {}").format(rows_of(parent))
        )
        known[key] = int(rows[0]["n"]) if rows else None
    return known[key]


def _sampled(
    probing: Probing, what: str, table: Table, parent: Table, constraint: Constraint
) -> list[tuple[int, int]] | None:
    share = min(100.0, 100.0 * SAMPLED / max(1.0, parent.rows))
    match = sql.SQL(" AND ").join(
        sql.SQL("c.{} = p.{}").format(sql.Identifier(child), sql.Identifier(of))
        for child, of in zip(constraint.columns, constraint.references_columns, strict=True)
    )
    rows = probing.ask(
        what,
        sql.SQL(
            "SELECT children, count(*) AS parents FROM (SELECT (SELECT count(*) FROM {} AS c WHERE {}) AS children"
            " FROM (SELECT * FROM {} TABLESAMPLE BERNOULLI ({}) REPEATABLE (1)) AS p) AS k"
            " GROUP BY children ORDER BY children"
        ).format(rows_of(table), match, rows_of(parent), sql.Literal(share)),
    )
    return None if rows is None else [(int(row["children"]), int(row["parents"])) for row in rows]


def merged(pairs: Sequence[tuple[int, int]]) -> tuple[list[float], list[int]]:
    """(children, parents) in rising order, at most about twice `DETAIL` of them: the sums of both stay as they are."""
    sizes = [float(size) for size, _ in pairs[:DETAIL]]
    counts = [count for _, count in pairs[:DETAIL]]
    rest = pairs[DETAIL:]
    if not rest:
        return sizes, counts
    step = 1.0
    limit = rest[0][0]
    children = parents = 0
    # wider and wider ranges of sizes
    step = (rest[-1][0] / max(1, rest[0][0])) ** (1 / DETAIL)
    top = limit * max(step, 1.0)
    for size, count in rest:
        if size > top and parents:
            sizes.append(round(children / parents, 3))
            counts.append(parents)
            children = parents = 0
        while size > top:
            top *= max(step, 1.0001)
        children, parents = children + size * count, parents + count
    sizes.append(round(children / parents, 3))
    counts.append(parents)
    return sizes, counts
