"""A plan as lines that people know: EXPLAIN's text form, short, with production's row counts."""

from __future__ import annotations

from collections.abc import Iterator

from ..profile.model import Profile
from .plan import Node, Plan

_DETAILS = (
    "Index Cond", "Recheck Cond", "TID Cond", "Merge Cond", "Hash Cond", "Join Filter", "Filter", "One-Time Filter",
    "Sort Key", "Presorted Key", "Group Key", "Function Call", "Cache Key", "Workers Planned",
)  # fmt: skip
WIDTH = 160
"""Longer conditions are cut."""


def lines(plan: Plan, profile: Profile | None = None) -> tuple[str, ...]:
    """One node a line, indented as EXPLAIN does, each followed by its conditions.

    Scans say how many rows their table holds in production, where the profile knows.
    """
    return tuple(_lines(plan.root, profile, 0))


def title(node: Node) -> str:
    """`Parallel Seq Scan on public.orders o`."""
    kind = node.type
    if kind == "Aggregate":
        kind = {"Hashed": "HashAggregate", "Sorted": "GroupAggregate", "Mixed": "MixedAggregate"}.get(
            str(node.get("Strategy")), kind
        )
        partial = node.get("Partial Mode")
        kind = kind if partial in (None, "Simple") else f"{partial} {kind}"
    elif kind == "ModifyTable":
        kind = str(node.get("Operation"))
    elif kind == "SetOp":
        kind = f"{'Hash' if node.get('Strategy') == 'Hashed' else ''}SetOp {node.get('Command')}"
    elif kind in ("Nested Loop", "Hash Join", "Merge Join"):
        join = node.get("Join Type")
        if join not in (None, "Inner"):
            kind = f"Nested Loop {join} Join" if kind == "Nested Loop" else kind.replace(" Join", f" {join} Join")
    if node.get("Parallel Aware"):
        kind = f"Parallel {kind}"
    if node.get("Scan Direction") == "Backward":
        kind += " Backward"
    if node.get("Index Name"):
        kind += (
            f" using {node.get('Index Name')}" if node.type != "Bitmap Index Scan" else f" on {node.get('Index Name')}"
        )
    if node.table:
        alias = node.get("Alias")
        kind += f" on {node.table}" + (f" {alias}" if alias and alias != node.get("Relation Name") else "")
    elif node.get("CTE Name") or node.get("Function Name"):
        kind += f" on {node.get('CTE Name') or node.get('Function Name')}"
    return kind


def _lines(node: Node, profile: Profile | None, depth: int) -> Iterator[str]:
    pad = "  " * max(0, 3 * depth - 2)
    arrow = "->  " if depth else ""
    name = node.get("Subplan Name")
    if name:
        yield f"{pad}{name}"
    yield f"{pad}{arrow}{title(node)}  (cost={_number(node.cost)} rows={node.rows:,.0f}{_of(node, profile)})"
    inner = pad + " " * (6 if depth else 2)
    for detail in _DETAILS:
        value = node.get(detail)
        if value not in (None, [], ""):
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"{inner}{detail}: {text if len(text) <= WIDTH else text[: WIDTH - 1] + '…'}"
    for child in node.children:
        yield from _lines(child, profile, depth + 1)


def _of(node: Node, profile: Profile | None) -> str:
    if profile is None or not node.table or "Scan" not in node.type:
        return ""
    table = profile.table(node.table)
    return f" of {table.rows:,.0f}" if table is not None and table.tuples >= 0 else ""


def _number(cost: float) -> str:
    return f"{cost:,.2f}" if cost < 1000 else f"{cost:,.0f}"
