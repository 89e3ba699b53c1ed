"""Which columns go together: shares of rows by the rank of one value and the rank of another one, no values.

Of all pairs of a table the strongest are taken that make no circle (a Chow-Liu tree), so each column goes with one other.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from psycopg import sql

from .fanout import LARGE
from .model import Column, Table
from .patterns import SPREAD, known
from .probed import Companion, Dependency, Difference, FanOut, NullPattern
from .probing import SAMPLE, Probing, keys, rows_of, sample

GROUPS = 20
"""Ranks that are told apart; equal values have one rank."""
ENDS = (0.002, 0.01, 0.99, 0.998)
"""Where the first and the last rank are told apart once more: a few may have most."""
TELLS = 0.03
"""Mutual information (in nats) from which on two columns go together; 20,000 rows of two that do not have 0.01."""
MOST_COLUMNS = 14
MOST_PARENTS = 3
ORDERED = 0.3
"""A column that goes with the physical order so much keeps to that."""
MANY = 200
"""Values of a determinant from which on each of them gets one value of what it determines."""
_CHILDREN = "number of children"
PATTERN = ""
"""Stands for the NULLs of the row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Node:
    """A column of the row, of a parent's row (`reference`), or the row's NULLs."""

    name: str
    reference: tuple[str, ...] = ()
    text: bool = False
    settled: bool = False
    """Does it follow from something else already, so that others may follow from it, but not it from others?"""


@dataclass(kw_only=True)
class _Pairs:
    """Counts by the ranks of two nodes."""

    counts: dict[tuple[_Node, _Node], dict[tuple[int, int], int]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """That were looked at, or the most of them."""
        return max(sum(cells.values()) for cells in self.counts.values())

    def information(self, pair: tuple[_Node, _Node], blocks: float) -> float:
        """Mutual information in nats a row, less what chance alone would show; 0 where it may be chance.

        `blocks`: that were looked at; rows of one block may be alike, and then tell no more than one.
        """
        cells = self.counts[pair]
        total = sum(cells.values())
        one: dict[int, int] = {}
        two: dict[int, int] = {}
        for (a, b), count in cells.items():
            one[a] = one.get(a, 0) + count
            two[b] = two.get(b, 0) + count
        found = sum(count / total * math.log(count * total / (one[a] * two[b])) for (a, b), count in cells.items())
        chance = (len(one) - 1) * (len(two) - 1) / (2 * min(total, blocks))
        return (found - chance) * total / self.rows if found > 2 * chance else 0.0


def companions(
    probing: Probing, tables: Mapping[str, Table], table: Table, differences: Sequence[Difference],
    dependencies: Sequence[Dependency], patterns: Sequence[NullPattern], soft: Collection[str] = (),
) -> list[Companion]:  # fmt: skip
    """Of each column the one that it goes with most, where any does. `soft`: columns of undeclared keys."""
    own = list(_own(probing, table, patterns, soft))
    if sum(not node.settled for node in own) < 1:
        return []
    pairs = _Pairs()
    _ask(
        probing,
        f"columns of {table.full_name} that go together",
        pairs,
        own,
        [],
        patterns,
        sample(table, _columns(own, patterns), SPREAD),
    )
    free = [node for node in own if not node.settled]
    for key in keys(table)[:MOST_PARENTS]:
        parent = tables.get(key.references or "")
        if parent is None or parent.full_name == table.full_name:
            continue
        theirs = [
            _Node(name=node.name, reference=tuple(key.columns), text=node.text, settled=True)
            for node in _own(probing, parent, [])
            if node.name not in key.references_columns
        ]
        if theirs and free:
            wanted = list(dict.fromkeys([*key.columns, *(node.name for node in free)]))
            columns = [sql.SQL("s.{}").format(sql.Identifier(name)) for name in dict.fromkeys(n.name for n in free)]
            columns += [
                sql.SQL("p.{} AS {}").format(sql.Identifier(node.name), sql.Identifier(_alias(node))) for node in theirs
            ]
            match = sql.SQL(" AND ").join(
                sql.SQL("s.{} = p.{}").format(sql.Identifier(child), sql.Identifier(of))
                for child, of in zip(key.columns, key.references_columns, strict=True)
            )
            joined = sql.SQL("(SELECT {} FROM {} AS s JOIN {} AS p ON {})").format(
                sql.SQL(", ").join(columns), sample(table, wanted, SPREAD), rows_of(parent), match
            )
            _ask(
                probing,
                f"columns of {table.full_name} and {parent.full_name} that go together",
                pairs,
                free,
                theirs,
                [],
                joined,
            )
    # what is known more exactly is not said once more
    several = {column.name: _distinct(column, table) for column in table.columns if known(column) is not None}
    following = {one.dependent: one.determinant for one in dependencies if several.get(one.determinant, 0) >= MANY}
    following |= {one.column: "" if one.reference else one.base for one in differences}
    return list(_tree(pairs, following, _blocks(table))) if pairs.counts else []


def grown(probing: Probing, table: Table, parent: Table, edge: FanOut, patterns: Sequence[NullPattern]) -> FanOut:
    """The edge, with the parent's column that its number of children goes with most, where it does with any."""
    nodes = [replace(node, settled=True) for node in _own(probing, parent, patterns)]
    children = _Node(name=_CHILDREN)
    if not nodes or not edge.known or edge.orphans or parent.rows < GROUPS:
        return edge
    match = sql.SQL(" AND ").join(
        sql.SQL("c.{} = p.{}").format(sql.Identifier(child), sql.Identifier(of))
        for child, of in zip(edge.columns, edge.references_columns, strict=True)
    )
    wanted = dict.fromkeys([*edge.references_columns, *_columns(nodes, patterns)])
    if table.rows > LARGE:
        count = sql.SQL("(SELECT count(*) FROM {} AS c WHERE {})").format(rows_of(table), match)
        source = sql.SQL("(SELECT p.*, {} AS {} FROM {} AS p)").format(
            count, sql.Identifier(_CHILDREN), sample(parent, wanted, SPREAD)
        )
    else:
        own = sql.SQL(", ").join(map(sql.Identifier, edge.columns))
        source = sql.SQL(
            "(SELECT p.*, coalesce(c.{n}, 0) AS {n} FROM {p} AS p LEFT JOIN"
            " (SELECT {own}, count(*) AS {n} FROM {table} GROUP BY {own}) AS c ON {match})"
        ).format(
            n=sql.Identifier(_CHILDREN), p=sample(parent, wanted, SPREAD), own=own, table=rows_of(table), match=match
        )
    pairs = _Pairs()
    _ask(
        probing, f"children of {parent.full_name} in {table.full_name}", pairs, [*nodes, children], [], patterns, source
    )
    blocks = _blocks(parent)
    best = max(pairs.counts, key=lambda pair: pairs.information(pair, blocks), default=None)
    if best is None or pairs.information(best, blocks) < TELLS:
        return edge
    return replace(edge, companion=replace(_companion(pairs, children, best[0]), column=""))


def _columns(nodes: Sequence[_Node], patterns: Sequence[NullPattern]) -> list[str]:
    """What a query needs of a table."""
    names = [node.name for node in nodes if node.name]
    if any(node.name == PATTERN for node in nodes):
        names += [name for one in patterns for name in one.columns]
    return list(dict.fromkeys(names))


def _own(
    probing: Probing, table: Table, patterns: Sequence[NullPattern], soft: Collection[str] = ()
) -> Iterator[_Node]:
    referring = {name for key in keys(table) for name in key.columns}
    unique = {index.columns[0] for index in table.indexes if index.unique and len(index.columns) == 1}
    together = {name for index in table.indexes if index.unique for name in index.columns}
    if len(patterns) > 1:
        yield _Node(name=PATTERN, settled=True)
    names = 0
    for column in table.columns:
        kind, found = probing.type(table, column.name), known(column)
        if found is None or column.name in unique or kind.form != "scalar" or found.n_distinct in (0, 1):
            continue
        if (
            not (kind.harmless or kind.text)
            or kind.name in ("interval", "uuid", "timetz", "oid", "money")
            or not probing.may_leave(table, column.name)
        ):
            continue
        if kind.text and not 1 < _distinct(column, table) <= table.rows / 20:
            continue
        names += 1
        if names > MOST_COLUMNS:
            return
        settled = column.name in {*referring, *together, *soft} or column.generated is not None or _ordered(column)
        yield _Node(name=column.name, text=kind.text and kind.name != "uuid", settled=settled)


def _blocks(table: Table) -> float:
    """That a sample looks at, in rows where it looks at all of them."""
    if table.rows <= SAMPLE:
        return table.rows
    return max(1.0, table.size / 8192 * min(1.0, SPREAD * SAMPLE / table.rows))


def _distinct(column: Column, table: Table) -> float:
    found = known(column)
    assert found is not None
    return found.n_distinct if found.n_distinct >= 0 else -found.n_distinct * table.rows


def _ordered(column: Column) -> bool:
    """Has it an order of its own in the table, beyond what equal values have by themselves?"""
    found = known(column)
    assert found is not None
    ties = sum(share**2 for share in found.most_common_freqs or [])
    return abs(found.correlation or 0.0) > ORDERED + (1 - ORDERED) * ties


def _alias(node: _Node) -> str:
    return f"p {node.name}" if node.reference else node.name


def _ask(
    probing: Probing, what: str, pairs: _Pairs, own: Sequence[_Node], theirs: Sequence[_Node],
    patterns: Sequence[NullPattern], source: sql.Composed,
) -> None:  # fmt: skip
    nodes = [*own, *theirs]
    wanted = [
        (at, after)
        for at in range(len(nodes))
        for after in range(at + 1, len(nodes))
        if not (nodes[at].settled and nodes[after].settled) and not (theirs and after < len(own))
    ]
    if not wanted:
        return
    ranks = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(_rank(node, patterns), sql.Identifier(f"r{at}")) for at, node in enumerate(nodes)
    )
    sets = sql.SQL(", ").join(
        sql.SQL("({}, {})").format(sql.Identifier(f"r{at}"), sql.Identifier(f"r{after}")) for at, after in wanted
    )
    names = sql.SQL(", ").join(sql.Identifier(f"r{at}") for at in range(len(nodes)))
    rows = probing.ask(
        what,
        sql.SQL(
            "SELECT ARRAY[{names}] AS ranks, GROUPING({names}) AS absent, count(*) AS n FROM (SELECT {ranks} FROM {source} AS s) AS r"
            " GROUP BY GROUPING SETS ({sets})"
        ).format(names=names, ranks=ranks, source=source, sets=sets),
    )
    for row in rows or ():
        present = [at for at in range(len(nodes)) if not row["absent"] >> (len(nodes) - 1 - at) & 1]
        one, two = present
        a, b = row["ranks"][one], row["ranks"][two]
        if a is not None and b is not None:
            cells = pairs.counts.setdefault((nodes[one], nodes[two]), {})
            cells[int(a), int(b)] = cells.get((int(a), int(b)), 0) + int(row["n"])


def _rank(node: _Node, patterns: Sequence[NullPattern]) -> sql.Composable:
    """A number that rises with the rank; NULL for NULL."""
    if node.name == PATTERN:
        names = list(dict.fromkeys(name for one in patterns for name in one.columns))
        flags = sql.SQL(", ").join(sql.SQL("{} IS NULL").format(sql.Identifier(name)) for name in names)
        cases = [
            sql.SQL("WHEN {} THEN {}").format(sql.Literal([name in one.columns for name in names]), sql.Literal(at))
            for at, one in enumerate(patterns)
        ]
        return sql.SQL("CASE ARRAY[{}] {} END").format(flags, sql.SQL(" ").join(cases))
    name = sql.Identifier(_alias(node))
    # the order in which rows are made up
    order = sql.SQL('{}::text COLLATE "C"').format(name) if node.text else name
    over = sql.SQL("OVER (PARTITION BY {} IS NULL ORDER BY {})").format(name, order)
    ends = sql.SQL(" + ").join(sql.SQL("(percent_rank() {} >= {})::int").format(over, sql.Literal(end)) for end in ENDS)
    # a frequent value is a group of its own, apart from rare ones just before it
    return sql.SQL(
        "CASE WHEN {name} IS NOT NULL THEN 2 * (least(floor({groups} * percent_rank() {over}), {groups} - 1)::int + {ends})"
        " + (cume_dist() {over} - percent_rank() {over} >= 1.0 / {groups})::int END"
    ).format(name=name, groups=sql.Literal(GROUPS), over=over, ends=ends)


def _tree(pairs: _Pairs, following: Mapping[str, str], blocks: float) -> Iterator[Companion]:
    """The strongest pairs without circles, each pointing away from what is settled."""
    leader: dict[_Node, _Node] = {}
    root = _Node(name=PATTERN, settled=True)

    def find(node: _Node) -> _Node:
        if node.settled:
            return root
        while leader.get(node, node) != node:
            node = leader[node]
            if node.settled:
                return root
        return node

    nodes = {node.name: node for pair in pairs.counts for node in pair if not node.reference}
    for name, other in following.items():
        if name in nodes:
            one, two = find(nodes[name]), find(nodes[other]) if other in nodes else root
            if one != two:
                leader[one if two == root else two] = root if two == root else one
    chosen: list[tuple[_Node, _Node]] = []
    ranked = sorted(
        ((pairs.information(pair, blocks), at, pair) for at, pair in enumerate(pairs.counts)),
        key=lambda one: (-one[0], one[1]),
    )
    for information, _, (one, two) in ranked:
        if information < TELLS:
            break
        first, second = find(one), find(two)
        if first != second:
            chosen.append((one, two))
            # the settled one leads
            if second == root:
                leader[first] = root
            else:
                leader[second] = first
    yield from _oriented(pairs, chosen, set(following))


def _oriented(pairs: _Pairs, chosen: Sequence[tuple[_Node, _Node]], following: set[str]) -> Iterator[Companion]:
    near: dict[_Node, list[_Node]] = {}
    for one, two in chosen:
        near.setdefault(one, []).append(two)
        near.setdefault(two, []).append(one)
    # first what is settled, then what follows from a column of its own, then the rest
    waiting = sorted(near, key=lambda node: (not node.settled, node.name not in following))
    done: set[_Node] = set()
    for start in waiting:
        if start in done:
            continue
        queue = [start]
        done.add(start)
        while queue:
            base = queue.pop(0)
            for node in near[base]:
                if node in done or node.settled:
                    continue
                done.add(node)
                queue.append(node)
                if node.name not in following:
                    yield _companion(pairs, node, base)


def _companion(pairs: _Pairs, node: _Node, base: _Node) -> Companion:
    flipped = (node, base) in pairs.counts
    cells = pairs.counts[node, base] if flipped else pairs.counts[base, node]
    mine = sorted({cell[0 if flipped else 1] for cell in cells})
    theirs = sorted({cell[1 if flipped else 0] for cell in cells})
    rows = [" ".join(str(cells.get((m, t) if flipped else (t, m), 0)) for m in mine) for t in theirs]
    return Companion(
        column=node.name, base=base.name, reference=list(base.reference), counts=rows,
        patterns=theirs if base.name == PATTERN else [],
    )  # fmt: skip
