"""Rows that an index or a foreign key refuses: changed until it takes them; what never fits is left out, and counted.

Partial and expression indexes and EXCLUDE can be about anything. So the rows are put aside, the index is made, and the
server itself takes what fits. What it refuses tries another parent, values of its own or of another row, or a place
outside the index's predicate, as far as the CHECKs and the foreign keys agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from .layout import Layout, Reference

ROUNDS = 6
"""Each way to change a row is tried so often."""
DEEP = 50
"""So deep may trees be in which a row that is left out takes others with it."""
NEAR = 5
"""So many of a tree's first rows are tried as parents."""
_NUMBER = sql.Identifier(" number")
_SAME = "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL synchronize_seqscans = off"
"""Rows are read in the same order each time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A way to change rows: some columns come from other rows, or are computed from the row's own and its number."""

    columns: tuple[str, ...] = ()
    """They become `donors`' columns, in this order."""
    donors: sql.Composable | None = None
    """A query for as many columns."""
    match: tuple[str, ...] = ()
    """Columns that `donors` has besides, and in which a row and its donor must agree."""
    fresh: tuple[tuple[str, sql.Composable], ...] = ()
    """Columns and expressions for them, over `m`, the row."""


class Refit:
    """One table whose rows do not fit, within one transaction."""

    def __init__(
        self, connection: psycopg.Connection[Any], table: str, references: Sequence[Reference], referred: set[str]
    ) -> None:
        self._connection, self._table = connection, sql.SQL(table)  # out of pg_dump's own text
        self._layout = Layout(connection, table)
        self._references = [one for one in references if not self._layout.generated.intersection(one.own)]
        self._names, self._referred = self._layout.columns, referred
        self._list = sql.SQL(", ").join(map(sql.Identifier, self._names))
        self._line = sql.SQL('ROW({})::text COLLATE "C"').format(self._list)
        self._rounds = 0
        self._stride = 1
        self._all: sql.Composable = self._layout.rows
        """Where rows that were there are."""
        self._itself = True
        """Must a reference to the table itself be held by rows that are in it already?"""

    def index(self, statement: str) -> tuple[int, int]:
        """Make the index of `statement`; (rows in it, rows left out)."""
        self._all, self._itself = sql.SQL("pg_temp.aside"), False
        with self._connection.transaction():
            self._connection.execute(_SAME)
            self._aside()
            self._connection.execute(sql.SQL("TRUNCATE {}").format(self._layout.rows))
            index, again = self._made(statement)
            left = self._put()
            if left:
                for move in self._moves(index):
                    left = self._try(move)
                    if not left:
                        break
            self._lay_out()
            if again:
                self._connection.execute(again[0])
                self._connection.execute(again[1])
            row = self._connection.execute("SELECT count(*) FROM pg_temp.aside").fetchone()
            self._drop()
            total = int(row[0]) if row else 0
            return total - left, left

    def _lay_out(self) -> None:
        """The rows as they lay before: which of them fit was tried in another order."""
        self._connection.execute(
            sql.SQL(
                'CREATE TEMPORARY TABLE laid AS SELECT {names} FROM {rows} AS c LEFT JOIN (SELECT " line", min(" at") AS " at"'
                ' FROM (SELECT {line} AS " line", row_number() OVER () AS " at" FROM aside) AS x GROUP BY 1) AS a'
                ' ON a." line" = {line} ORDER BY a." at", {line}'
            ).format(names=self._list, rows=self._layout.rows, line=self._line)
        )
        self._connection.execute(sql.SQL("TRUNCATE {}").format(self._layout.rows))
        self._connection.execute(
            sql.SQL("INSERT INTO {} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM pg_temp.laid").format(
                self._table, names=self._list
            )
        )

    def parents(self, reference: Reference) -> tuple[int, list[sql.Composable]]:
        """Give the rows that `reference` refuses another parent, or none.

        How many are left out, and the foreign keys that refer to them, which are gone: to be made again.
        """
        lost = 0
        others: list[sql.Composable] = []
        with self._connection.transaction():
            self._connection.execute(_SAME)
            for _ in range(DEEP):
                self._aside(reference.orphans(self._layout.rows))
                row = self._connection.execute("SELECT count(*) FROM pg_temp.aside").fetchone()
                if not row or not row[0]:
                    break
                if not others:
                    others = self._layout.without_children()
                self._connection.execute(
                    sql.SQL("DELETE FROM {} AS c WHERE {}").format(self._layout.rows, reference.orphan())
                )
                left = self._put(self._refusing())
                for move in self._parents_of(reference):
                    left = left and self._try(move)
                lost += left
                self._drop()
            self._drop()
        return lost, others

    # rows

    def _aside(self, source: sql.Composable | None = None) -> None:
        self._connection.execute(
            sql.SQL("CREATE TEMPORARY TABLE aside AS SELECT {} FROM {}").format(self._list, source or self._layout.rows)
        )
        self._connection.execute(
            sql.SQL("CREATE TEMPORARY TABLE tried (LIKE {} INCLUDING GENERATED)").format(self._table)
        )
        self._connection.execute(sql.SQL("ALTER TABLE pg_temp.tried ADD COLUMN {} bigint").format(_NUMBER))

    def _drop(self) -> None:
        self._connection.execute(
            "DROP TABLE IF EXISTS pg_temp.aside, pg_temp.tried, pg_temp.misfit, pg_temp.taken, pg_temp.laid"
        )

    def _put(self, only: sql.Composable | None = None) -> int:
        """All rows that fit; the others become `misfit`: how many."""
        condition = sql.SQL("") if only is None else sql.SQL(" WHERE {}").format(only)
        self._connection.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE misfit AS SELECT {}, row_number() OVER (ORDER BY {}) AS {} FROM aside"
            ).format(self._list, self._line, _NUMBER)
        )
        self._stride = max(1, self._left() // 8)
        return self._insert(sql.SQL("misfit"), condition)

    def _insert(self, source: sql.Composable, condition: sql.Composable) -> int:
        """Rows of `source` into the table where it takes them; they leave `misfit`: how many are left there."""
        self._connection.execute(
            sql.SQL(
                "WITH put AS (INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {source} AS c{condition} ORDER BY c.{number}"
                " ON CONFLICT DO NOTHING RETURNING {line} AS line),"
                " lines AS (SELECT line, count(*) AS several FROM put GROUP BY line),"
                " known AS (SELECT {number} AS number, line, row_number() OVER (PARTITION BY line ORDER BY {number}) AS at"
                " FROM (SELECT {number}, {line} AS line FROM {source}) AS x)"
                " DELETE FROM misfit WHERE {number} IN (SELECT number FROM known JOIN lines USING (line) WHERE at <= several)"
            ).format(
                table=self._table, names=self._list, source=source, condition=condition, line=self._line, number=_NUMBER
            )
        )  # fmt: skip
        return self._left()

    def _try(self, move: Move) -> int:
        """Change the misfits so; what fits then leaves them: how many are left. What cannot be computed changes nothing."""
        if not move.columns and not move.fresh:
            return self._left()
        try:
            with self._connection.transaction():
                self._change(move)
                return self._insert(sql.SQL("tried"), sql.SQL(" WHERE {}").format(self._refusing()))
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.RaiseException):
            return self._left()

    def _left(self) -> int:
        row = self._connection.execute("SELECT count(*) FROM misfit").fetchone()
        return int(row[0]) if row else 0

    def _change(self, move: Move) -> None:
        """`misfit` into `tried`, changed."""
        self._rounds += 1
        self._connection.execute("TRUNCATE pg_temp.tried")
        chosen: dict[str, sql.Composable] = {name: sql.SQL("m.{}").format(sql.Identifier(name)) for name in self._names}
        chosen |= dict(move.fresh)
        source: sql.Composable = sql.SQL("FROM misfit AS m")
        if move.donors is not None:
            # which donor a row gets follows from its number: the same rows come out each time
            alike = sql.SQL(", ").join(map(sql.Identifier, move.match)) if move.match else sql.SQL("1")
            self._connection.execute("DROP TABLE IF EXISTS pg_temp.taken")
            self._connection.execute(
                sql.SQL(
                    "CREATE TEMPORARY TABLE taken AS SELECT d.*, row_number() OVER (PARTITION BY {alike} ORDER BY d::text COLLATE \"C\") - 1 AS {number},"
                    " count(*) OVER (PARTITION BY {alike}) AS \" several\" FROM ({donors}) AS d ({columns})"
                ).format(
                    alike=alike, number=_NUMBER, donors=move.donors,
                    columns=sql.SQL(", ").join(map(sql.Identifier, (*move.columns, *move.match))),
                )
            )  # fmt: skip
            chosen |= {name: sql.SQL("d.{}").format(sql.Identifier(name)) for name in move.columns}
            agrees = [sql.SQL("d.{0} = m.{0}").format(sql.Identifier(name)) for name in move.match]
            place = sql.SQL('d.{number} = abs(pg_catalog.hashint8extended(m.{number}, {round}) % d." several")').format(
                number=_NUMBER, round=sql.Literal(self._rounds)
            )
            source = sql.SQL("FROM misfit AS m JOIN taken AS d ON {}").format(sql.SQL(" AND ").join([*agrees, place]))
        self._connection.execute(
            sql.SQL("INSERT INTO pg_temp.tried ({}, {number}) OVERRIDING SYSTEM VALUE SELECT {}, m.{number} {}").format(
                self._list, sql.SQL(", ").join(chosen.values()), source, number=_NUMBER
            )
        )

    def _refusing(self) -> sql.Composable:
        """What a row, `c`, must hold besides the indexes."""
        parts: list[sql.Composable] = [
            sql.SQL("coalesce(({}), true)").format(sql.SQL(text)) for text in self._layout.checks.values()
        ]
        parts += [
            sql.SQL("NOT ({})").format(one.orphan())
            for one in self._references
            if self._itself or one.parent not in self._layout.lineage
        ]
        return sql.SQL(" AND ").join(parts) if parts else sql.SQL("true")

    # ways to change a row

    def _made(self, statement: str) -> tuple[int, tuple[sql.Composed, bytes] | None]:
        """Make the index; its oid, and where a deferrable key must not be there while rows come: how to make it then."""
        deferred = _deferrable(statement)
        before = self._layout.indexes()
        self._connection.execute((deferred or statement).encode())
        (index,) = self._layout.indexes() - before
        if deferred is None:
            return index, None
        name = self._layout.constraint_of(index)
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(self._table, sql.Identifier(name))
        return index, (drop, statement.encode())

    def _moves(self, index: int) -> Iterator[Move]:
        """The mildest first."""
        keys, within = self._layout.keys(index), self._layout.within(index)
        tied = [one for one in self._references if set(one.own) & keys]
        plain = sorted(keys - {name for one in tied for name in one.own})
        out = list(self._outside(index, within - keys if tied else within)) if within else []
        for _ in range(ROUNDS):
            for reference in tied:
                yield from self._parent(
                    reference, self._layout.predicate(index) if set(reference.own) >= keys - within else None
                )
            for name in plain:
                yield from self._fresh(name)
            for name in plain:
                yield self._copied([name])
            if len(plain) > 1:
                yield self._copied(plain)
            yield from out
        for names in (sorted(keys), sorted(within)):
            if names:
                yield self._copied(self._closed(names))
                yield self._copied(self._closed(names, keep=False))
        for name in plain:
            if name in self._layout.nullable:
                yield Move(fresh=((name, sql.SQL("NULL")),))

    def _parents_of(self, reference: Reference) -> Iterator[Move]:
        for _ in range(ROUNDS):
            yield from self._parent(reference, None)
            yield self._copied(self._closed(reference.own))
        free = [name for name in reference.own if name in self._layout.nullable]
        if free and (len(free) == len(reference.own) or not reference.full):
            yield Move(fresh=tuple((name, sql.SQL("NULL")) for name in free))
            for _ in range(ROUNDS):
                # no parent, and what goes with that: as in a row that has none
                names = self._closed(reference.own)
                yield self._copied(names, sql.SQL("{} IS NULL").format(sql.Identifier(free[0])))
        yield self._copied(self._closed(reference.own, keep=False))

    def _parent(self, reference: Reference, alone: sql.Composable | None) -> Iterator[Move]:
        """Another parent; `alone`: one that no row within this predicate has yet."""
        shared = {name for one in self._references if one is not reference for name in one.own} | self._referred
        match = tuple(name for name in reference.own if name in shared)
        free = tuple(name for name in reference.own if name not in shared)
        theirs = dict(zip(reference.own, reference.theirs, strict=True))
        if not free:
            return
        itself = reference.parent in self._layout.lineage
        donors: sql.Composable = sql.SQL("SELECT {} FROM {} AS p WHERE {}").format(
            sql.SQL(", ").join(sql.SQL("p.{}").format(sql.Identifier(theirs[name])) for name in (*free, *match)),
            self._all if itself else sql.SQL(reference.parent),
            sql.SQL(" AND ").join(sql.SQL("p.{} IS NOT NULL").format(sql.Identifier(name)) for name in reference.theirs),
        )  # fmt: skip
        if alone is not None:
            donors += sql.SQL(" AND NOT EXISTS (SELECT FROM {} WHERE ({}) AND {})").format(
                self._table, alone, reference.same(self._table)
            )
        yield Move(columns=free, donors=donors, match=match)
        if itself and not match:
            # of a tree: near its root
            first = sql.SQL(", ").join(sql.SQL("p.{}").format(sql.Identifier(name)) for name in reference.theirs)
            yield Move(columns=free, donors=sql.SQL("{} ORDER BY {} LIMIT {}").format(donors, first, sql.Literal(NEAR)))

    def _outside(self, index: int, within: set[str]) -> Iterator[Move]:
        """A place outside the predicate, as other rows have it."""
        names = self._closed(sorted(within))
        condition = sql.SQL("({}) IS NOT TRUE").format(self._layout.predicate(index))
        yield self._copied(names, condition)
        if names != sorted(within):
            yield self._copied(sorted(within), condition)

    def _copied(self, names: Sequence[str], condition: sql.Composable | None = None) -> Move:
        listed = sql.SQL(", ").join(map(sql.Identifier, names))
        source: sql.Composable = sql.SQL("SELECT {} FROM {}").format(listed, self._all)
        if condition is not None:
            # generated columns are in the table alone
            source = sql.SQL("SELECT {} FROM {} WHERE {}").format(listed, self._layout.rows, condition)
        return Move(columns=tuple(names), donors=source)

    def _closed(self, names: Sequence[str], *, keep: bool = True) -> list[str]:
        """With the columns that CHECKs and foreign keys tie to them."""
        found = set(names)
        groups = [set(one) for one in self._layout.tied] + [set(one.own) for one in self._references]
        grown = True
        while grown:
            more = {name for group in groups if group & found for name in group} - found
            found |= more
            grown = bool(more)
        # what others refer to stays, as long as something else can be changed
        own = found & set(self._names) - self._layout.single
        return sorted(own - self._referred if keep else own)

    def _fresh(self, name: str) -> Iterator[Move]:
        """Values that no row has, as far as that can be known: of the same length, or the next ones."""
        column = sql.SQL("m.{}").format(sql.Identifier(name))
        number = sql.SQL("(m.{} + {})").format(_NUMBER, sql.Literal(self._rounds))
        kind = self._layout.kinds[name]
        # a later round is beyond the numbers that the earlier ones gave
        beyond = sql.SQL("(m.{} + {})").format(_NUMBER, sql.Literal(self._rounds * self._stride))
        top = sql.SQL("(SELECT max({}) FROM {})").format(sql.Identifier(name), self._all)
        if kind == "S":
            cast = sql.SQL(self._layout.types[name])
            text, digits = sql.SQL("{}::text").format(column), sql.SQL("{}::text").format(beyond)
            for pattern in (
                "left({text}, greatest(0, length({text}) - length({digits}))) || {digits}",
                "{digits} || substr({text}, length({digits}) + 1)",
                "{text} || {digits}",
            ):
                value = sql.SQL(pattern).format(text=text, digits=digits)
                yield Move(fresh=((name, sql.SQL("({})::{}").format(value, cast)),))
        elif kind == "N":
            yield Move(fresh=((name, sql.SQL("{} + {}").format(top, beyond)),))
        elif kind == "D":
            day = self._layout.types[name] == "date"
            for step in ("{}::int",) if day else ("{} * interval '1 hour'", "{} * interval '1 minute'"):
                yield Move(fresh=((name, sql.SQL("{} - {}").format(column, sql.SQL(step).format(number))),))


def _deferrable(statement: str) -> str | None:
    """Without that it is deferrable; None where it is not."""
    head, found, _ = statement.rpartition(" DEFERRABLE")
    return head if found and ")" not in statement[len(head) :] and "'" not in statement[len(head) :] else None
