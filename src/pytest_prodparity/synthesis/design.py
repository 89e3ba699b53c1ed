"""How each table's rows are made: which columns are keys, which follow parents, which stand alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg

from ..core.errors import ProdparityError
from ..profile.model import ColumnStatistics, Constraint, Profile, Table
from . import fanout, keys, lookup, odd, related, slots
from .approved import distinct, passing
from .catalog import Attribute, Relation
from .chance import generator, order
from .columns import Maker, Subject
from .mend import Demands
from .plan import leaves_of
from .sources import Column, Drawn, Fixed, Numbers, Pooled, Referring, Serial, Source, codes, spelled
from .values import CHUNK, Array, Pool, texts_of

LISTED_MOST = 300_000
"""Of a unique column that only the server can judge, so many values are looked for."""


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
        self._profile, self._relations, self._counts, self.maker, self.seed = profile, relations, counts, maker, seed
        self._tables = {table.full_name: table for table in profile.tables}
        self._designs: dict[str, Design] = {}

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
        references = sorted(
            (one for one in made.table.constraints if one.kind == "foreign key" and one.references in self._tables),
            key=lambda one: -len(one.columns),
        )
        if self._known(made):
            return
        singles = [name for name in singles if name not in made.columns]
        several = [group for group in several if not set(group) <= set(made.columns)]
        for name in singles:
            if not any(one.columns == [name] for one in references):
                self._single(made, name)
        for reference in references:
            if len(reference.columns) == 1 and reference.columns[0] in singles:
                self._one_to_one(made, reference)
        for group in several:
            if not set(group) & set(singles):
                self._together(made, group, references)
        for reference in references:
            self._refer(made, reference)
        for reference in fanout.undeclared(
            made.table, {name for group in [singles, *several] for name in group}, self._counts
        ):
            self._refer(made, reference)
        for constraint in made.table.constraints:
            if constraint.kind == "exclusion":
                self._apart(made, slots.read(constraint.definition))
            elif "WITHOUT OVERLAPS" in constraint.definition and constraint.kind in ("primary key", "unique"):
                self._apart(
                    made, slots.Exclusion(equal=tuple(constraint.columns[:-1]), period=(constraint.columns[-1],))
                )
        for attribute in related.in_order(made.table, made.relation.attributes):
            if attribute.name not in made.columns and not attribute.generated:
                made.columns[attribute.name] = related.to_others(self, made, self._plain(made, attribute))

    def _known(self, made: Design) -> bool:
        """A table whose rows the profile has comes as it is. True where nothing is left to make up."""
        whole = made.table.whole
        if whole is None or not made.rows:
            return False
        made.rows = min(made.rows, len(whole.rows))
        for name in lookup.columns(self._profile, made.table, whole):
            column = lookup.column(whole, made.relation.attribute(name), self.maker, made.rows)
            if column is not None:
                made.columns[name] = column
                made.locked.add(name)
        return all(one.name in made.columns for one in made.relation.attributes if not one.generated)

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
        )

    def _plain(self, made: Design, attribute: Attribute) -> Column:
        subject = self.subject(made, attribute.name)
        different = subject.statistics is not None and subject.statistics.n_distinct <= -0.999 and made.rows > 1
        if different and attribute.form not in ("bool", "pool"):
            # no value comes twice: permuted, never drawn
            self._single(made, attribute.name)
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
                made.columns[name] = self._plain(made, made.relation.attribute(name))
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

    def _unknown(self, made: Design, attribute: Attribute) -> ProdparityError:
        return ProdparityError(
            f"{made.table.full_name}.{attribute.name} cannot be filled: no value of its type {attribute.declared} is known.",
            fix=f'capture with --keep "{made.table.name}.{attribute.name}", or rows = 0 for tests on an empty schema',
        )

    def _single(self, made: Design, name: str) -> None:
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
        if known is None or known.pool is not None or self._connection is None or made.rows > LISTED_MOST:
            return source
        values = source.decode(np.linspace(0, max(0, made.rows - 1), min(made.rows, 200)).astype("i8"))
        if values.form == "pool" and values.pool is not None:
            values = spelled(values.pool, values.data)
        sample = [text for text in texts_of(values) if text is not None]
        if len(passing(self._connection, subject.attribute, known.checks, sample)) == len(sample):
            return source
        chance = generator(self.seed, made.table.full_name, subject.attribute.name, "approved")
        found = distinct(self._connection, subject.attribute, known.checks, known.texts, made.rows, chance)
        if len(found) < made.rows:
            return source
        return Pooled(pool=Pool([text.encode() for text in found], found), weights=np.ones(len(found)))

    # parents

    def parents(self, made: Design, reference: Constraint) -> tuple[list[Source], list[Array], float]:
        """Sources and codes of the columns that a foreign key refers to, and how many rows production's parent has."""
        assert reference.references is not None
        sources: list[Source] = []
        arrays: list[list[Array]] = [[] for _ in reference.references_columns]
        rows = 0.0
        for leaf in leaves_of(self._profile, reference.references):
            if leaf not in self._relations:
                continue
            parent = self.design(leaf) if leaf != made.table.full_name else made
            rows += parent.table.rows
            if not parent.rows:
                continue
            for at, name in enumerate(reference.references_columns):
                if name not in parent.columns:
                    self._single(parent, name)
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

    def _one_to_one(self, made: Design, reference: Constraint) -> None:
        name = reference.columns[0]
        sources, arrays, _ = self.parents(made, reference)
        subject = self.subject(made, name)
        count = len(arrays[0])
        if made.rows > count:
            if count:
                self.notes.append(
                    f"{made.table.full_name}: {count:,} of {made.rows:,} rows: {name} is unique and refers to"
                    f" {reference.references}, which has no more."
                )
                made.rows = count
                self._one_to_one(made, reference)
                return
            raise keys.Contradiction(
                f"its {made.rows:,} rows need a row of {reference.references} each, which has {count:,}"
            )
        correlation = subject.statistics.correlation if subject.statistics else 1.0
        places = np.floor(np.arange(made.rows) * (count / max(1, made.rows))).astype("i8")
        ranks = np.sort(arrays[0])[places]
        chance = generator(self.seed, made.table.full_name, name, "order")
        chosen = ranks[order(correlation if correlation is not None else 1.0, made.rows, chance)]
        made.columns[name] = Fixed(name=name, source=sources[0], codes=chosen, null=subject.null)

    def _wide_enough(self, made: Design, group: Sequence[str], references: Sequence[Constraint]) -> None:
        """With fewer combinations than rows, a text gets as many values as there are rows."""
        several = 1.0
        for name in group:
            distinct = len(np.unique(self.codes(made, name)))
            if distinct == made.rows:
                return
            several *= distinct
        referring = {name for one in references for name in one.columns}
        for name in group:
            subject = self.subject(made, name)
            if several < made.rows * 1.1 and name not in referring | made.locked and subject.attribute.form == "text":
                source = self.maker.source(subject, unique=True)
                if isinstance(source, Pooled):
                    chance = generator(self.seed, made.table.full_name, name, "wide")
                    enough = len(source.pool) >= made.rows
                    picked = (
                        chance.permutation(len(source.pool))[: made.rows]
                        if enough
                        else chance.integers(0, len(source.pool), made.rows)
                    )
                    made.columns[name] = Fixed(name=name, source=source, codes=picked, null=made.columns[name].null)
                    return

    def _other_parents(
        self, made: Design, group: Sequence[str], reference: Constraint, found: list[Array], chance: np.random.Generator
    ) -> None:
        """Rows that still repeat a key get another parent, whole."""
        _, arrays, _ = self.parents(made, reference)
        places = [list(group).index(name) for name in reference.columns]
        for _ in range(100):
            again = keys.repeated(found)
            if not len(again) or not len(arrays[0]):
                return
            picked = chance.integers(0, len(arrays[0]), len(again))
            for place, array in zip(places, arrays, strict=True):
                found[place][again] = array[picked]

    def _each_once(self, made: Design, reference: Constraint) -> bool:
        """A key that is a reference: each parent at most once."""
        if reference.references == made.table.full_name or any(name in made.columns for name in reference.columns):
            return False
        sources, arrays, _ = self.parents(made, reference)
        if len(arrays[0]) < made.rows:
            raise keys.Contradiction(
                f"its {made.rows:,} rows need a row of {reference.references} each, which has {len(arrays[0]):,}"
            )
        chance = generator(self.seed, made.table.full_name, reference.name)
        picked = np.sort(chance.choice(len(arrays[0]), made.rows, replace=False))
        for name, source, array in zip(reference.columns, sources, arrays, strict=True):
            made.columns[name] = Fixed(name=name, source=source, codes=array[picked])
        return True

    def _refer(self, made: Design, reference: Constraint) -> None:
        names = [name for name in reference.columns if name not in made.columns]
        if not names or any(made.relation.attribute(name).generated for name in names):
            return
        sources, arrays, production = self.parents(made, reference)
        subjects = {name: self.subject(made, name) for name in reference.columns}
        if not made.rows:
            for name in names:
                made.columns[name] = self._plain(made, made.relation.attribute(name))
            return
        if not len(arrays[0]):
            self._orphans(made, reference, names)
            return
        if len(names) < len(reference.columns):
            self._within(made, reference, sources, arrays)
            return
        lead = _lead([subjects[name] for name in names])
        at = names.index(lead.attribute.name)
        distribution, sequence = keys.parents(
            lead, self.maker, sources[at], arrays[at],
            share=_used(lead, made.table, production), clustered=_clustered(lead),
        )  # fmt: skip
        together = f"foreign key {reference.name}" if len(names) > 1 else ""
        correlation = lead.statistics.correlation if lead.statistics else None
        null = max((subjects[name].null for name in names), default=0.0)
        edge = fanout.edge_of(made.table, reference)
        if edge is not None:
            ordered = [array[sequence] for array in arrays]
            made.columns |= related.children(self, made, edge, names, sources, ordered, distribution, correlation, null)
            return
        for name, source, array in zip(names, sources, arrays, strict=True):
            referring = Referring(target=source, codes=array[sequence], distribution=distribution)
            made.columns[name] = Drawn(
                name=name, source=referring, correlation=distribution.untied(correlation),
                null=0.0 if subjects[name].attribute.not_null else null, drawn_with=together,
            )  # fmt: skip

    def _orphans(self, made: Design, reference: Constraint, names: Sequence[str]) -> None:
        for name in names:
            attribute = made.relation.attribute(name)
            if attribute.not_null:
                raise keys.Contradiction(
                    f"its {made.rows:,} rows need a row of {reference.references} each ({reference.name}), which has none"
                )
            plain = self._plain(made, attribute)
            made.columns[name] = Drawn(name=name, source=plain.source, null=1.0)

    def _within(self, made: Design, reference: Constraint, sources: list[Source], arrays: list[Array]) -> None:
        """Some columns are set already: any parent that agrees with them."""
        fixed = [at for at, name in enumerate(reference.columns) if name in made.columns]
        own = keys.joint([np.concatenate([arrays[at], self.codes(made, reference.columns[at])]) for at in fixed])
        count = len(arrays[0])
        theirs, ours = own[:count], own[count:]
        sequence = np.argsort(theirs, kind="stable")
        first = np.searchsorted(theirs[sequence], ours, side="left")
        last = np.searchsorted(theirs[sequence], ours, side="right")
        chance = generator(self.seed, made.table.full_name, reference.name)
        picked = sequence[
            np.minimum(first + np.floor(chance.random(made.rows) * (last - first)).astype("i8"), count - 1)
        ]
        lonely = last == first
        for at, name in enumerate(reference.columns):
            if name not in made.columns:
                subject = self.subject(made, name)
                if lonely.any() and subject.attribute.not_null:
                    raise keys.Contradiction(
                        f"{int(lonely.sum()):,} rows find no row of {reference.references} for {reference.name}"
                    )
                made.columns[name] = Fixed(
                    name=name, source=sources[at], codes=arrays[at][picked],
                    null=1.0 if lonely.any() else subject.null, drawn_with=f"foreign key {reference.name}",
                )  # fmt: skip

    # keys of several columns

    def _together(self, made: Design, group: Sequence[str], references: Sequence[Constraint]) -> None:
        if any(made.relation.attribute(name).generated for name in group) or not made.rows:
            return
        counter = self._counter(made, group, references)
        if counter is not None:
            self._counted(made, group, counter, references)
            return
        for reference in references:
            if set(reference.columns) == set(group) and len(reference.columns) > 1 and self._each_once(made, reference):
                return
        for reference in references:
            # a reference to the table itself waits for its key
            if set(reference.columns) & set(group) and reference.references != made.table.full_name:
                self._refer(made, reference)
        for name in group:
            if name not in made.columns:
                made.columns[name] = self._plain(made, made.relation.attribute(name))
        self._wide_enough(made, group, references)
        drawn = [made.columns[name] for name in group]
        if any(column.null > 0 for column in drawn):
            drawn = [column for column in drawn if column.null == 0] or drawn
        arrays = [self.codes(made, name) for name in group]
        together = {name for one in references if len(one.columns) > 1 for name in one.columns}
        free = [at for at, name in enumerate(group) if name not in made.locked | together]
        if not free:
            return
        widest = max(free, key=lambda at: len(np.unique(arrays[at][:200_000])))
        made.locked |= set(group)
        source = made.columns[group[widest]].source

        def redraw(_: int, count: int, chance: np.random.Generator) -> Array:
            return np.asarray(source.draw(chance.random(count)))

        chance = generator(self.seed, made.table.full_name, *group)
        if isinstance(source, Serial):
            return
        bound = together & set(group)
        parents = {
            at: target.codes
            for at, name in enumerate(group)
            if isinstance(target := made.columns[name].source, Referring)
        }
        found = keys.apart(arrays, redraw, widest, chance, isinstance(source, Numbers), not bound, parents)
        for reference in references:
            if bound and set(reference.columns) <= set(group) and reference.references != made.table.full_name:
                self._other_parents(made, group, reference, found, chance)
        for name, array in zip(group, found, strict=True):
            before = made.columns[name]
            made.columns[name] = Fixed(
                name=name, source=before.source, codes=array, null=before.null, drawn_with=before.drawn_with,
                absent=before.absent if isinstance(before, Fixed) else None,
            )  # fmt: skip

    def _counter(self, made: Design, group: Sequence[str], references: Sequence[Constraint]) -> str | None:
        """The column that counts within the others, such as a line's number within its order."""
        referring = {name for one in references for name in one.columns}
        if not set(group) & referring:
            return None
        for name in group:
            subject = self.subject(made, name)
            if name in referring or name in made.columns or subject.attribute.form not in ("int2", "int4", "int8"):
                continue
            others = [other for other in group if other != name]
            if any(set(others) <= set(one.columns) for one in references) and (
                subject.statistics is None or 0 < subject.distinct <= max(1000, made.rows * 0.05)
            ):
                return name
        return None

    def _counted(self, made: Design, group: Sequence[str], counter: str, references: Sequence[Constraint]) -> None:
        others = [name for name in group if name != counter]
        reference = min(
            (one for one in references if set(others) <= set(one.columns)), key=lambda one: len(one.columns)
        )
        sources, arrays, _ = self.parents(made, reference)
        if len(others) < len(reference.columns):
            # the key has some of the reference's columns: what they have in common is one parent
            first = np.unique(
                keys.joint([arrays[reference.columns.index(name)] for name in others]), return_index=True
            )[1]
            arrays = [array[first] for array in arrays]
        if not len(arrays[0]):
            self._orphans(made, reference, reference.columns)
            return
        subject = self.subject(made, counter)
        source = self.maker.source(subject)
        assert isinstance(source, Numbers)
        places = (np.arange(20_000) + 0.5) / 20_000
        values, weights = np.unique(source.distribution.at(places), return_counts=True)
        if subject.statistics is None or not (
            subject.statistics.most_common_vals or subject.statistics.histogram_bounds
        ):
            values, weights = np.arange(1, 8), np.arange(7, 0, -1)
        chance = generator(self.seed, made.table.full_name, *group)
        sequence = np.lexsort(tuple(reversed(arrays)))
        edge = fanout.edge_of(made.table, reference)
        if edge is not None:
            found = chance.permutation(fanout.sizes(edge, len(arrays[0]), made.rows, chance))
            spread = np.flatnonzero(found)
            sizes = found[spread]
        else:
            sizes = keys.runs(weights.astype("f8"), len(arrays[0]), made.rows, chance)
            spread = (
                np.sort(chance.choice(len(sequence), size=len(sizes), replace=False))
                if len(sizes) < len(sequence)
                else np.arange(len(sequence))
            )
        parent = np.repeat(sequence[spread], sizes)
        within = np.arange(made.rows) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        longer = np.arange(1, max(1, int(sizes.max())) + 1) + int(values[-1])
        counted = np.concatenate([values, longer])[within]
        lead = _lead([self.subject(made, name) for name in reference.columns])
        correlation = lead.statistics.correlation if lead.statistics else 1.0
        if correlation is not None and correlation < 0.98:
            ranks = order(correlation, made.rows, chance)
            parent, counted = parent[ranks], counted[ranks]
        for name, origin, array in zip(reference.columns, sources, arrays, strict=True):
            made.columns[name] = Fixed(name=name, source=origin, codes=array[parent])
        made.columns[counter] = Fixed(name=counter, source=source, codes=counted)


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


def _lead(subjects: Sequence[Subject]) -> Subject:
    """Of a foreign key's columns the one with the most values."""
    return max(subjects, key=lambda one: one.distinct)


def _clustered(subject: Subject) -> bool:
    found = subject.statistics
    return bool(found and found.n_distinct > 0 and (found.correlation or 0) > 0.9)


def _used(subject: Subject, table: Table, parents: float) -> float:
    """The share of production's parents that have a child."""
    found = subject.statistics
    if found is None or not found.n_distinct or not parents:
        return 1.0
    distinct = found.n_distinct if found.n_distinct > 0 else -found.n_distinct * table.rows
    return float(min(1.0, distinct / parents))
