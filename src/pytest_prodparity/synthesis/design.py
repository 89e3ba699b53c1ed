"""How each table's rows are made: which columns are keys, which follow parents, which stand alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg

from ..core.errors import ProdparityError
from ..profile.model import ColumnStatistics, Constraint, Profile, Table
from . import fanout, keys, lookup, odd, references, related, slots, together
from .agreements import Choice, copied
from .approved import distinct
from .catalog import Attribute, Relation
from .columns import Maker
from .mend import Demands
from .plan import leaves_of
from .sources import Column, Drawn, Fixed, Numbers, Pooled, Source, codes
from .subject import Subject
from .values import CHUNK, Array


@dataclass(kw_only=True)
class Design:
    """A table and its columns, in the order in which COPY gets them."""

    table: Table
    relation: Relation
    rows: int
    columns: dict[str, Column] = field(default_factory=dict)
    done: bool = False
    locked: set[str] = field(default_factory=set)
    """Columns of keys that are settled."""
    choices: dict[str, Choice] = field(default_factory=dict)
    """Of keys: the parents from which each row may choose."""

    def ordered(self) -> list[tuple[Attribute, Column]]:
        """The columns that COPY fills."""
        return [(one, self.columns[one.name]) for one in self.relation.attributes if not one.generated and one.receives]


class Designer:
    """Designs tables, parents first; keys are kept as arrays of codes."""

    def __init__(
        self,
        profile: Profile,
        relations: Mapping[str, Relation],
        counts: Mapping[str, int],
        maker: Maker,
        seed: int,
        demands: Mapping[int, Demands] | None = None,
        connection: psycopg.Connection[Any] | None = None,
    ) -> None:
        self.notes: list[str] = []
        self._demands = demands or {}
        self._connection = connection
        self.profile, self._relations, self._counts, self.maker, self.seed = profile, relations, counts, maker, seed
        self._tables = {table.full_name: table for table in profile.tables}
        self._designs: dict[str, Design] = {}
        self.dealt: dict[tuple[str, ...], Array] = {}
        """Of partitioned tables' keys: parents, each as often as it has children, that the next partition takes."""
        self._wanted, self._gone = fanout.wanted(profile), fanout.gone(profile)

    def design(self, name: str) -> Design:
        """One table's; that of a table that is being designed is returned as far as it is."""
        if name in self._designs:
            return self._designs[name]
        table, relation = self._tables[name], self._relations[name]
        made = self._designs[name] = Design(table=table, relation=relation, rows=self._counts.get(name, 0))
        if made.rows and table.tuples < 0 and table.live_rows is None:
            self.notes.append(f"{name}: never analysed in production: its values are made up from names and types.")
        try:
            self._fill(made)
        except keys.Contradiction as cause:
            raise ProdparityError(
                f"{name} cannot be filled: {cause}.",
                fix=f'ask for fewer rows ([tool.prodparity.levels.dev] rows, or rows={{"{table.name}": …}}), or 0',
            ) from cause
        made.done = True
        return made

    def _fill(self, made: Design) -> None:
        singles, several = _unique_sets(made.table)
        known = sorted(
            (one for one in made.table.constraints if one.kind == "foreign key" and one.references in self._tables),
            key=lambda one: -len(one.columns),
        )
        if self._known(made):
            return
        singles = [name for name in singles if name not in made.columns]
        several = [group for group in several if not set(group) <= set(made.columns)]
        for name in singles:
            if not any(one.columns == [name] for one in known):
                self.single(made, name)
        for reference in known:
            if len(reference.columns) == 1 and reference.columns[0] in singles:
                references.one_to_one(self, made, reference)
        for group in several:
            if not set(group) & set(singles):
                together.together(self, made, group, known)
        for reference in known:
            references.refer(self, made, reference)
        for reference in fanout.undeclared(
            made.table, {name for group in [singles, *several] for name in group}, self._counts
        ):
            references.refer(self, made, reference)
        for constraint in made.table.constraints:
            if constraint.kind == "exclusion":
                self._apart(made, slots.read(constraint.definition))
            elif "WITHOUT OVERLAPS" in constraint.definition and constraint.kind in ("primary key", "unique"):
                self._apart(
                    made, slots.Exclusion(equal=tuple(constraint.columns[:-1]), period=(constraint.columns[-1],))
                )
        for attribute in related.in_order(made.table, made.relation.attributes):
            if attribute.name not in made.columns and not attribute.generated:
                made.columns[attribute.name] = copied(self, made, attribute.name) or related.to_others(
                    self, made, self.plain(made, attribute)
                )

    def _known(self, made: Design) -> bool:
        """A table whose rows the profile has comes as it is. True where nothing is left to make up."""
        whole = made.table.whole
        if whole is None or not made.rows:
            return False
        made.rows = min(made.rows, len(whole.rows))
        for name in lookup.columns(self.profile, made.table, whole):
            column = lookup.column(whole, made.relation.attribute(name), self.maker, made.rows)
            if column is not None:
                made.columns[name] = column
                made.locked.add(name)
        return all(one.name in made.columns for one in made.relation.attributes if not one.generated)

    def rows_of(self, name: str) -> int:
        """How many rows a table is to get."""
        return self._counts.get(name, 0)

    def known(self, name: str) -> Design | None:
        """A table's, where it is designed to the end."""
        found = self._designs.get(name)
        return found if found is not None and found.done else None

    # columns

    def subject(self, made: Design, name: str) -> Subject:
        """One column with what is known of it."""
        column = next((one for one in made.table.columns if one.name == name), None)
        return Subject(
            table=made.table,
            attribute=made.relation.attribute(name),
            statistics=_statistics(
                made.table, column.statistics if column else None, column.inherited_statistics if column else None
            ),
            rows=made.rows,
            ends=made.table.ends.get(name),
            notes=self.notes,
            checks=self._demands[made.relation.oid].ours if made.relation.oid in self._demands else (),
            wanted=self._wanted.get((made.table.full_name, name), ()),
            spare=self.gone(made, name),
        )

    def plain(self, made: Design, attribute: Attribute) -> Column:
        """A column that stands alone."""
        subject = self.subject(made, attribute.name)
        different = subject.statistics is not None and subject.statistics.n_distinct <= -0.999 and made.rows > 1
        if different and attribute.form not in ("bool", "pool"):
            # no value comes twice: permuted, never drawn
            self.single(made, attribute.name)
            return made.columns.pop(attribute.name)
        try:
            source = self.maker.source(subject)
        except odd.Unknown as cause:
            raise self._unknown(made, attribute) from cause
        correlation = subject.statistics.correlation if subject.statistics else None
        return Drawn(name=attribute.name, source=source, correlation=_untied(source, correlation), null=subject.null)

    def _apart(self, made: Design, wanted: slots.Exclusion | None) -> None:
        """Periods that must not overlap for equal values of other columns: one after the other within each."""
        if wanted is None or not made.rows:
            return
        for name in wanted.equal:
            if name not in made.columns:
                made.columns[name] = self.plain(made, made.relation.attribute(name))
        group = (
            keys.joint([self.codes(made, name) for name in wanted.equal]) if wanted.equal else np.zeros(made.rows, "i8")
        )
        ranks = slots.within(group)
        subjects = [self.subject(made, name) for name in wanted.period]
        found = slots.periods(subjects, int(ranks.max(initial=0)) + 1, self.maker)
        for name, source in (found or {}).items():
            values = ranks if isinstance(source, Pooled) else source.distribution.low[ranks]
            made.columns[name] = Fixed(name=name, source=source, codes=values)
            made.locked.add(name)

    def gone(self, made: Design, name: str) -> int:
        """How many values of a key other tables are to have besides those of its rows."""
        found = self._gone.get((made.table.full_name, name), 0)
        return round(found * min(1.0, made.rows / max(1.0, made.table.rows)))

    def _unknown(self, made: Design, attribute: Attribute) -> ProdparityError:
        return ProdparityError(
            f"{made.table.full_name}.{attribute.name} cannot be filled: no value of its type {attribute.declared} is known.",
            fix=f'capture with --keep "{made.table.name}.{attribute.name}", or rows = 0 for tests on an empty schema',
        )

    def single(self, made: Design, name: str) -> None:
        """A column whose values come once each."""
        subject = self.subject(made, name)
        if subject.attribute.generated:
            return
        try:
            source = self.maker.source(subject, unique=True)
        except odd.Unknown as cause:
            raise self._unknown(made, subject.attribute) from cause
        source = self._approved(made, subject, source)
        if isinstance(source, Numbers):
            below = made.table.rows > made.rows
            made.columns[name] = keys.unique_numbers(subject, source, avoid=below, seed=self.seed)
        else:
            made.columns[name] = keys.unique_made(subject, source, self.seed)

    def _approved(self, made: Design, subject: Subject, source: Source) -> Source:
        """Different texts that the server's own CHECKs take, where the source's are not."""
        wanted = self._demands.get(made.relation.oid)
        known = wanted.approved.get(subject.attribute.name) if wanted is not None else None
        if known is None or self._connection is None or subject.attribute.form != "text":
            return source
        return distinct(self._connection, subject, known, source, self.seed) or source

    # parents

    def parents(self, made: Design, reference: Constraint) -> tuple[list[Source], list[Array], float]:
        """Sources and codes of the columns that a foreign key refers to, and how many rows production's parent has."""
        assert reference.references is not None
        sources: list[Source] = []
        arrays: list[list[Array]] = [[] for _ in reference.references_columns]
        rows = 0.0
        for leaf in leaves_of(self.profile, reference.references):
            if leaf not in self._relations:
                continue
            parent = self.design(leaf) if leaf != made.table.full_name else made
            rows += parent.table.rows
            if not parent.rows:
                continue
            for at, name in enumerate(reference.references_columns):
                if name not in parent.columns:
                    self.single(parent, name)
                arrays[at].append(self.codes(parent, name))
                if len(sources) <= at:
                    sources.append(parent.columns[name].source)
        joined = [np.concatenate(parts) if parts else np.zeros(0, "i8") for parts in arrays]
        return sources, joined, rows

    def codes(self, made: Design, name: str) -> Array:
        """The codes of all rows of a column; from then on they are kept."""
        column = made.columns[name]
        found = whole(column, made.rows, self.seed, made.table.full_name)
        if isinstance(column, Drawn):
            made.columns[name] = Fixed(
                name=name, source=column.source, codes=found, null=column.null, drawn_with=column.drawn_with,
                pattern=column.pattern,
            )  # fmt: skip
        return found


def whole(column: Column, rows: int, seed: int, table: str) -> Array:
    """The codes of all rows, drawn block by block as they will be."""
    if isinstance(column, Fixed) or not rows:
        return codes(column, 0, rows, rows, seed, table)
    return np.concatenate([codes(column, at, min(CHUNK, rows - at), rows, seed, table) for at in range(0, rows, CHUNK)])


def _unique_sets(table: Table) -> tuple[list[str], list[list[str]]]:
    """Columns that are unique by themselves, and sets of columns that are unique together, the primary key first."""
    names = {column.name for column in table.columns}
    sets = [
        index.columns
        for index in sorted(table.indexes, key=lambda one: not one.primary)
        if index.unique and index.partial is None
    ]
    sets += [one.columns for one in table.constraints if one.kind in ("primary key", "unique")]
    known = [list(group) for group in dict.fromkeys(tuple(group) for group in sets if group and set(group) <= names)]
    return [group[0] for group in known if len(group) == 1], [group for group in known if len(group) > 1]


def _statistics(
    table: Table, own: ColumnStatistics | None, inherited: ColumnStatistics | None
) -> ColumnStatistics | None:
    return inherited if table.kind == "partitioned" and inherited is not None else own or inherited


def _untied(source: Source, correlation: float | None) -> float:
    if correlation is None or source.ties > 0.99:
        return 0.0
    if correlation < 0:
        return max(-1.0, correlation)
    return float(np.clip((correlation - source.ties) / (1 - source.ties), -1, 1))
