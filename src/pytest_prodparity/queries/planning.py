"""Asks the planner once per shape of statement and class of parameters, and remembers across tests."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Protocol

from ..profile.model import ColumnStatistics, Profile, Table
from ..twin.plan import CannotTell, Plan
from ..wire.trip import Parameter
from .fingerprint import Slot
from .reading import Reading
from .statements import Execution, Group
from .typical import swapped, typical
from .values import literal, text_of

SETS = 3
"""Parameter sets of one shape that are planned per test; the worst plan wins."""
REMEMBERED = 20_000
SENTINEL = 0.25
"""A key with a larger share of the rows, and far more than the next one, stands for nobody: a guest, the system."""
SEEN = 0.0005
"""A share of the rows that is no chance: fifteen of the 30,000 rows that ANALYZE looks at."""
SKEWED = 5.0
"""A value this many times as frequent as the average one has a class, and so a plan, of its own."""


class Planner(Protocol):
    """Production's planner. The twin is one."""

    def plan(self, sql: str, parameters: Sequence[Parameter]) -> Plan | CannotTell:
        """Production's plan of one statement with these values."""

    def what_if(self, ddl: str, sql: str, parameters: Sequence[Parameter] | None) -> Plan | CannotTell:
        """The same, as if `ddl` had been run before."""


class Plans:
    """A planner with a memory. One for a whole run: hand it to `judge` in the planner's place."""

    def __init__(self, planner: Planner, profile: Profile | None = None) -> None:
        self._planner = planner
        self.profile = profile
        """The production that it plans for, with the row counts that the test asked for."""
        self._known: OrderedDict[tuple[object, ...], Plan | CannotTell] = OrderedDict()
        self._readings: OrderedDict[int, tuple[Plan, Reading]] = OrderedDict()
        self._proofs: OrderedDict[tuple[object, ...], Plan | CannotTell] = OrderedDict()
        self._common: dict[tuple[tuple[str, ...], str], frozenset[str]] = {}
        self._parents: dict[tuple[tuple[str, ...], str], str | None] = {}
        self.asked = 0
        """Questions that reached the planner."""

    def plan(self, sql: str, parameters: Sequence[Parameter]) -> Plan | CannotTell:
        """Straight from the planner."""
        self.asked += 1
        return self._planner.plan(sql, parameters)

    def what_if(self, ddl: str, sql: str, parameters: Sequence[Parameter] | None) -> Plan | CannotTell:
        """Remembered: the same remedy is tried once, however many tests need it."""
        key = (ddl, sql, tuple(parameters) if parameters is not None else None)
        if key not in self._proofs:
            self.asked += 1
            _keep(self._proofs, key, self._planner.what_if(ddl, sql, parameters))
        return self._proofs[key]

    def worst(self, group: Group) -> tuple[Plan | CannotTell, Execution]:
        """The costliest plan among the group's classes of parameters, and the execution that it is of."""
        best: tuple[Plan | CannotTell, Execution] | None = None
        seen: set[tuple[object, ...]] = set()
        for execution in (self.representative(execution)[0] for execution in group.executions):
            key = self._class(execution)
            if key in seen:
                continue
            seen.add(key)
            plan = self._known.get(key)
            if plan is None:
                plan = self.plan(execution.statement.sql, execution.statement.parameters)
                _keep(self._known, key, plan)
            if best is None or _cost(plan) > _cost(best[0]):
                best = plan, execution
            if len(seen) == SETS:
                break
        assert best is not None
        return best

    def typical(self, execution: Execution) -> tuple[Plan, Execution] | None:
        """The plan for values that are not production's most common ones; None where the execution has none of those."""
        other = typical(execution, lambda slot, value: self._is_common(execution, slot, value))
        if other is None:
            return None
        key = ("typical", execution.shape.key, execution.statement.sql)
        plan = self._known.get(key)
        if plan is None:
            plan = self.plan(other.statement.sql, other.statement.parameters)
            _keep(self._known, key, plan)
        return (plan, other) if isinstance(plan, Plan) else None

    def representative(self, execution: Execution) -> tuple[Execution, tuple[str, ...]]:
        """With the parent's key that has most rows in place of one that the test has made, and the columns of these.

        Production sends the statement for each of its customers; the test's own is none of them, and has no rows there.
        """
        columns: list[str] = []

        def swap(slot: Slot, value: str) -> str | None:
            largest = self._largest_parent(execution.shape.tables, slot.column) if slot.column else None
            if (
                largest is None
                or slot.column is None
                or value in self._common_values(execution.shape.tables, slot.column)
            ):
                return None
            columns.append(slot.column)
            return largest

        return swapped(execution, swap) or execution, tuple(columns)

    def _largest_parent(self, tables: tuple[str, ...], column: str) -> str | None:
        """The value of a foreign key that most rows have; None where none is known to have more than others."""
        key = (tables, column)
        if key not in self._parents:
            found = None
            for table in filter(None, map(self._table, tables)):
                for each in table.columns:
                    if each.name == column and _refers(table, column):
                        found = found or largest_key(each.statistics or each.inherited_statistics)
            self._parents[key] = found
        return self._parents[key]

    def _table(self, name: str) -> Table | None:
        return (self.profile.table(name) or self.profile.table(name.lower())) if self.profile is not None else None

    def _is_common(self, execution: Execution, slot: Slot, value: str) -> bool:
        return slot.column is not None and value in self._common_values(execution.shape.tables, slot.column)

    def reading(self, plan: Plan, profile: Profile, words: tuple[str, ...]) -> Reading:
        """A plan, read; remembered like the plan itself."""
        found = self._readings.get(id(plan))
        if found is None or found[0] is not plan or found[1].profile is not profile:
            found = self._readings[id(plan)] = plan, Reading(plan, profile, words=words)
            if len(self._readings) > REMEMBERED:
                self._readings.popitem(last=False)
        return found[1]

    def _class(self, execution: Execution) -> tuple[object, ...]:
        bound = execution.statement.parameters
        parts: list[object] = [execution.shape.key]
        for slot in execution.shape.slots:
            numbers = slot.parameters
            if len(numbers) + len(slot.literals) > 1:
                parts.append((len(numbers) + len(slot.literals)).bit_length())
            elif numbers:
                at = numbers[0] - 1
                parts.append(self._bound_class(slot, bound[at], execution) if at < len(bound) else None)
            else:
                parts.append(self._text_class(slot, literal(slot.literals[0]), execution) if slot.literals else None)
        return tuple(parts)

    def _bound_class(self, slot: Slot, parameter: Parameter, execution: Execution) -> object:
        if parameter.value is None:
            return None
        if slot.role in ("range", "limit", "offset", "pattern"):
            return parameter.value
        if slot.role == "array":
            return len(parameter.value).bit_length()
        if slot.role == "equal" and slot.column:
            return self._text_class(slot, text_of(parameter), execution), parameter.oid
        return parameter.oid

    def _text_class(self, slot: Slot, value: str | None, execution: Execution) -> object:
        if value is None or slot.role in ("range", "limit", "offset", "pattern"):
            return value
        if slot.role == "equal" and slot.column and self.profile is not None:
            common = self._common_values(execution.shape.tables, slot.column)
            return value if value in common else True
        return True

    def _common_values(self, tables: tuple[str, ...], column: str) -> frozenset[str]:
        key = (tables, column)
        found = self._common.get(key)
        if found is None:
            values: set[str] = set()
            for name in tables:
                table = self._table(name)
                for each in table.columns if table else ():
                    if each.name == column:
                        values |= _skewed(each.statistics or each.inherited_statistics)
            found = self._common[key] = frozenset(values)
        return found


def _skewed(statistics: ColumnStatistics | None) -> set[str]:
    if statistics is None or not statistics.most_common_vals or not statistics.most_common_freqs:
        return set()
    average = 1 / statistics.n_distinct if statistics.n_distinct > 0 else 0.0
    pairs = zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False)
    return {value for value, share in pairs if share > SKEWED * average}


def _refers(table: Table, column: str) -> bool:
    return any(one.kind == "foreign key" and column in one.columns for one in table.constraints)


def largest_key(statistics: ColumnStatistics | None) -> str | None:
    """The common value that most rows have, of those that stand for somebody; None where keys are about alike."""
    if statistics is None or not statistics.most_common_vals or not statistics.most_common_freqs:
        return None
    shares = statistics.most_common_freqs
    second = shares[1] if len(shares) > 1 else 0.0
    sentinel = shares[0] > SENTINEL and shares[0] > SKEWED * second
    value = statistics.most_common_vals[1 if sentinel and second else 0]
    share = second if sentinel else shares[0]
    return None if share < SEEN or value not in _skewed(statistics) else value


def _cost(plan: Plan | CannotTell) -> float:
    return -1.0 if isinstance(plan, CannotTell) else plan.cost


def _keep(store: OrderedDict[Any, Plan | CannotTell], key: object, plan: Plan | CannotTell) -> None:
    store[key] = plan
    if len(store) > REMEMBERED:
        store.popitem(last=False)
