"""Conditions that few rows pass although the planner cannot know it: it then believes that a LIMIT is reached soon."""

from __future__ import annotations

import re

from ..profile.model import Column, Table
from .conditions import Condition

FEW = 1_000
"""A value that at most so many rows share is looked for, not browsed."""

_KEEPS_VALUES_APART = re.compile(
    r"^(lower|upper|btrim|ltrim|rtrim|replace|regexp_replace|casefold)\(\s*\(?\"?([^\s\"(),:]+)"
)
"""Functions after which two values are nearly always as different as before, and the column that they are applied to."""


def rare(condition: Condition, table: Table) -> bool:
    """Is it a search that few rows pass, which the planner can only guess?

    A pattern that no B-tree can serve (it begins with a wildcard, or ignores case), or an equality with a function of,
    or a cast of, a column whose values are nearly all different.
    """
    if condition.kind == "pattern":
        ignores_case = "~~*" in condition.text or "~*" in condition.text
        return (
            not condition.text.lstrip("(").startswith("NOT")
            and "!~" not in condition.text
            and (ignores_case or re.match(r"\(*'[%_]", condition.other) is not None)
        )
    if condition.kind != "equal" or condition.outside:
        return False
    name = condition.column if condition.cast in ("text", "character varying") else None
    found = _KEEPS_VALUES_APART.match(condition.expression or "")
    if found:
        name = found[2]
    column = next((each for each in table.columns if each.name == name), None)
    each_value = _rows_per_value(column, table) if column else None
    return each_value is not None and each_value <= FEW


def _rows_per_value(column: Column, table: Table) -> float | None:
    if any(index.unique and index.columns == [column.name] and not index.partial for index in table.indexes):
        return 1.0
    known = column.statistics or column.inherited_statistics
    if known is None or not known.n_distinct:
        return None
    distinct = known.n_distinct if known.n_distinct > 0 else -known.n_distinct * table.rows
    return table.rows / max(1.0, distinct)
