"""How much of production a plan reads: rows scanned, rows kept, runs of each node."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from ..profile.model import Index, Profile, Table
from ..twin.plan import Node, Plan

T = TypeVar("T")

_BLOCKING = {"Sort", "Hash", "ModifyTable", "Bitmap Heap Scan", "Recursive Union"}
_SCANS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Sample Scan", "Tid Range Scan"}
UNKNOWN = 1024 * 1024
"""Below so many bytes a table that was never analysed is small, whatever it holds."""
CONDITIONS = ("Filter", "Join Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "One-Time Filter")


@dataclass(slots=True, eq=False)
class Step:
    """A node of a plan with what production would do there, over the whole statement."""

    node: Node
    above: Step | None
    calls: float
    """How often it runs."""
    fraction: float
    """How much of one run is carried out: a LIMIT or an EXISTS above stops it early."""
    workers: float
    """By how much EXPLAIN's rows must be multiplied: they are per worker below a Gather."""
    below: list[Step] = field(default_factory=list)

    @property
    def type(self) -> str:
        """EXPLAIN's node type."""
        return self.node.type

    @property
    def full(self) -> float:
        """Rows of one whole run, over all workers."""
        return self.node.rows * self.workers

    @property
    def given(self) -> float:
        """Rows that it hands up in all."""
        return self.full * self.fraction * self.calls

    def walk(self) -> Iterator[Step]:
        """This step and all below."""
        yield self
        for step in self.below:
            yield from step.walk()

    def up(self) -> Iterator[Step]:
        """The steps above, nearest first."""
        step = self.above
        while step is not None:
            yield step
            step = step.above

    def text(self, name: str) -> str:
        """A field as text; lists are joined."""
        value = self.node.get(name)
        return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value or "")

    def aliases(self) -> set[str]:
        """The names under which relations are read here and below."""
        return {str(step.node.get("Alias")) for step in self.walk() if step.node.get("Alias")}

    def mentions(self, aliases: set[str]) -> bool:
        """Does anything here or below depend on one of these relations?"""
        fields = (
            *CONDITIONS,
            "Function Call",
            "Cache Key",
            "TID Cond",
            "Order By",
            "Output",
            "Values",
            "Table Function Call",
        )
        for step in self.walk():
            own = step.aliases()
            text = " ".join(step.text(name) for name in fields)
            if any(alias not in own and refers(text, alias) for alias in aliases):
                return True
        return False

    @property
    def guessed(self) -> bool:
        """Does it group by an expression? Production has no statistics of one, and the planner guesses far too many groups."""
        return any("(" in str(key) for key in self.node.get("Group Key") or ())

    def mentions_outside(self) -> bool:
        """Does it depend on relations that are read elsewhere in the plan: is it the inner side of a join above?"""
        here = {id(step) for step in self.walk()}
        top = self
        while top.above is not None:
            top = top.above
        others = {str(step.node.get("Alias")) for step in top.walk() if step.node.get("Alias") and id(step) not in here}
        return any(_conditioned(step, others - self.aliases()) for step in self.walk())


def _conditioned(step: Step, aliases: set[str]) -> bool:
    text = " ".join(step.text(name) for name in CONDITIONS)
    return any(refers(text, alias) for alias in aliases)


@dataclass(slots=True, eq=False)
class Scan:
    """One table as a plan reads it: its scan node, or all partitions' together."""

    steps: list[Step]
    table: Table
    """The table; for partitions the partitioned one."""
    rows: float
    """What the table holds in production."""
    scanned: float
    kept: float
    """Rows that pass the scan's own conditions."""
    root: Table
    """The partitioned table above, the table itself where there is none."""

    @property
    def target(self) -> Table:
        """What an index belongs on: the partitioned table, unless the statement names the partition itself."""
        return self.root if self.alias != self.table.name else self.table

    @property
    def step(self) -> Step:
        """The scan, or the largest partition's."""
        return max(self.steps, key=lambda step: step.node.cost)

    @property
    def top(self) -> Step:
        """The scan, or the Append over the partitions."""
        if len(self.steps) == 1:
            return self.steps[0]
        return next((step for step in self.step.up() if step.type in ("Append", "Merge Append")), self.steps[0])

    @property
    def alias(self) -> str:
        """The name that conditions use for it."""
        return str(self.step.node.get("Alias") or self.table.name)


class Reading:
    """A plan, read against production's row counts."""

    def __init__(self, plan: Plan, profile: Profile, *, words: tuple[str, ...] = (), partial: bool = False) -> None:
        self.plan = plan
        self.profile = profile
        self._partial = partial
        """Is an index that production does not have a partial one?"""
        self._exists = "exists" in words
        self.root = self._step(plan.root, None, 1.0, 1.0)
        self.unread: list[str] = []
        """Tables of which production's size is not known, each with the reason."""
        self.scans = self._scans()
        self._known: dict[Callable[[Reading], Any], Any] = {}

    def once(self, find: Callable[[Reading], T]) -> T:
        """What `find` says of this plan, which tests ask about again and again."""
        if find not in self._known:
            self._known[find] = find(self)
        known: T = self._known[find]
        return known

    @cached_property
    def steps(self) -> list[Step]:
        """All steps, top down."""
        return list(self.root.walk())

    @cached_property
    def limited(self) -> bool:
        """Is there a LIMIT over the whole statement?"""
        step = self.root
        while step.type in ("LockRows", "Subquery Scan", "Result", "ProjectSet") and step.below:
            step = step.below[0]
        return step.type == "Limit"

    def _step(self, node: Node, above: Step | None, calls: float, fraction: float) -> Step:
        step = Step(node, above, calls, fraction, _workers(node))
        outer: Step | None = None
        for child in node.children:
            relation = child.get("Parent Relationship")
            if relation in ("SubPlan", "InitPlan"):
                continue
            runs, part = _share(step, child, outer)
            below = self._step(child, step, runs, part)
            outer = outer or below
            step.below.append(below)
        for child in node.children:
            relation = child.get("Parent Relationship")
            if relation == "InitPlan":
                part = (
                    1 / child.rows
                    if self._exists and child.rows > 1 and "CTE" not in str(child.get("Subplan Name"))
                    else 1.0
                )
                step.below.append(self._step(child, step, 1.0, part))
            elif relation == "SubPlan":
                runs, part = self._subplan(step, child)
                step.below.append(self._step(child, step, runs, part))
        return step

    def _subplan(self, step: Step, child: Node) -> tuple[float, float]:
        name = str(child.get("Subplan Name") or "")
        conditions = " ".join(step.text(field) for field in CONDITIONS)
        everything = conditions + " " + step.text("Output") + " " + step.text("Sort Key")
        if f"hashed {name}" in everything and not re.search(rf"(?<!hashed ){re.escape(name)}\b", everything):
            return 1.0, 1.0
        part = 1.0
        if child.rows > 1:
            if f"EXISTS({name})" in everything or (self._exists and "(" not in name and ").col" not in everything):
                part = 1 / child.rows
            elif re.search(rf"ANY \([^)]*\({re.escape(name)}\b", everything):
                part = 0.5
        if name and name in conditions:
            return max(1.0, self._input(step)), part
        if step.type in ("Aggregate", "WindowAgg") and step.below:
            return max(1.0, step.below[0].given), part  # inside what it aggregates: once per row that it takes in
        return max(1.0, step.given), part

    def _input(self, step: Step) -> float:
        """Rows that a step's conditions are applied to."""
        table = self._table(step.node) if step.type in _SCANS else None
        if (
            table is not None
            and step.type in ("Seq Scan", "Index Only Scan", "Index Scan")
            and not step.node.get("Index Cond")
        ):
            return max(table.rows, 0.0) * step.fraction * step.calls
        if step.type == "Nested Loop" and len(step.below) > 1:
            return step.below[1].given
        return max([step.given, *(below.given for below in step.below)])

    def _table(self, node: Node) -> Table | None:
        return self.profile.table(node.table) if node.table else None

    def _scans(self) -> list[Scan]:
        found: dict[object, Scan] = {}
        for step in self.root.walk():
            if step.type not in _SCANS or not step.node.get("Relation Name"):
                continue
            table = self._table(step.node)
            if table is None:
                if not str(step.node.get("Schema")).startswith(("pg_", "information_schema")):
                    self.unread.append(f"{step.node.table} is not in the profile")
                continue
            if not table.readable and table.size >= UNKNOWN:
                self.unread.append(f"{table.full_name} could not be read when production was captured")
                continue
            if not _analysed(table):
                self.unread.append(f"{table.full_name} was never analysed in production")
                continue
            append = next((up for up in step.up() if up.type in ("Append", "Merge Append")), None)
            root = self._root(table)
            key = (id(append), root.full_name) if append is not None and root is not table else id(step)
            rows, scanned = max(0.0, table.rows), self._scanned(step, table)
            scan = found.get(key)
            if scan is None:
                found[key] = Scan([step], root if append is not None else table, rows, scanned, step.given, root)
            else:
                scan.steps.append(step)
                scan.rows += rows
                scan.scanned += scanned
                scan.kept += step.given
        return list(found.values())

    def _root(self, table: Table) -> Table:
        seen = {table.full_name}
        while table.parent and table.parent not in seen:
            above = self.profile.table(table.parent)
            if above is None:
                break
            seen.add(table.parent)
            table = above
        return table

    def _scanned(self, step: Step, table: Table) -> float:
        part = step.fraction * step.calls
        if step.type == "Bitmap Heap Scan":
            return max(max((below.full for below in step.below), default=0.0), step.full) * part
        name = step.node.get("Index Name")
        index = next((each for each in table.indexes if each.name == name), None)
        if step.type == "Tid Range Scan" or (step.node.get("Index Cond") and not passes_over(step, index, table)):
            return step.given
        rows = max(0.0, table.rows)
        if index is not None and index.partial:
            rows = min(rows, index.tuples)
        elif index is None and name and self._partial:
            return step.given
        return rows * part


DISTINCT = 1000.0


def passes_over(step: Step, index: Index | None, table: Table) -> bool:
    """Is nothing asked of a B-tree's first column, which has too many values to skip from one to the next?

    Then the index is read from end to end, though the plan shows an Index Cond.
    """
    if index is None or index.method != "btree" or len(index.columns) < 2:
        return False
    first = next((column for column in table.columns if column.name == index.columns[0]), None)
    known = (first.statistics or first.inherited_statistics) if first is not None else None
    if first is None or known is None:
        return False
    values = known.n_distinct if known.n_distinct >= 0 else -known.n_distinct * max(0.0, table.rows)
    return values >= DISTINCT and not re.search(rf'(?<!\w)"?{re.escape(first.name)}"?(?!\w)', step.text("Index Cond"))


def _analysed(table: Table) -> bool:
    """Does production know how many rows it has? Without pages of its own count the planner guesses from the width."""
    return table.size < UNKNOWN or table.kind == "partitioned" or (table.tuples >= 0 and table.pages > 0)


def refers(text: str, alias: str) -> bool:
    """Does a condition mention a column of `alias`?"""
    quoted = '"' + alias.replace('"', '""') + '"'
    if quoted + "." in text:
        return True
    return re.search(rf"(?<![\w\"$.]){re.escape(alias)}\.", text) is not None


def _workers(node: Node) -> float:
    if not _partial(node):
        return 1.0
    above = node.parent
    while above is not None and above.type not in ("Gather", "Gather Merge"):
        above = above.parent
    planned = float(above.get("Workers Planned") or 0) if above is not None else 0.0
    # get_parallel_divisor() in costsize.c: the leader helps less the more workers there are.
    return max(1.0, planned + max(0.0, 1.0 - 0.3 * planned))


def _partial(node: Node) -> bool:
    if node.type in ("Gather", "Gather Merge"):
        return False
    if node.get("Parallel Aware"):
        return True
    outer = next((child for child in node.children if child.get("Parent Relationship") in ("Outer", "Member")), None)
    return outer is not None and _partial(outer)


def _share(step: Step, child: Node, outer: Step | None) -> tuple[float, float]:
    """How often a child runs, and how much of each run is carried out."""
    kind, relation = step.type, child.get("Parent Relationship")
    if kind == "Limit":
        whole = child.cost - float(child.get("Startup Cost") or 0)
        done = step.node.cost - float(child.get("Startup Cost") or 0)
        part = done / whole if whole > 0 else step.node.rows / max(1.0, child.rows)
        return step.calls, step.fraction * min(1.0, max(0.0, part))
    if kind in _BLOCKING or (kind == "Aggregate" and step.node.get("Strategy") in ("Plain", "Hashed", "Mixed")):
        return step.calls, 1.0
    if kind == "SetOp" and step.node.get("Strategy") == "Hashed":
        return step.calls, 1.0
    if kind == "Materialize":
        # Later runs read what it kept.
        return min(1.0, step.calls), step.fraction if step.calls <= 1 else 1.0
    if kind == "Nested Loop" and relation == "Inner" and outer is not None:
        early = 0.5 if step.node.get("Join Type") in ("Semi", "Anti") or step.node.get("Inner Unique") else 1.0
        return max(1.0, outer.given), early
    return step.calls, step.fraction
