"""A plan as rules read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class Node:
    """One node of `EXPLAIN (FORMAT JSON, VERBOSE)`, with the names of its fields as EXPLAIN prints them."""

    __slots__ = ("children", "loops", "parent", "raw")

    def __init__(self, raw: Mapping[str, Any], parent: Node | None = None, loops: float = 1.0) -> None:
        self.raw = raw
        self.parent = parent
        self.loops = loops
        """How often production would run this node: the inner side of a nested loop runs once per outer row."""
        self.children: list[Node] = []
        below = raw.get("Plans", ())
        outer_rows = next((plan["Plan Rows"] for plan in below if plan.get("Parent Relationship") == "Outer"), 1)
        for plan in below:
            inner = plan.get("Parent Relationship") == "Inner" and self.type == "Nested Loop"
            self.children.append(Node(plan, self, loops * max(1.0, float(outer_rows)) if inner else loops))

    @property
    def type(self) -> str:
        """`Seq Scan`, `Nested Loop`, …"""
        return str(self.raw["Node Type"])

    @property
    def rows(self) -> float:
        """Rows that it gives, per loop."""
        return float(self.raw["Plan Rows"])

    @property
    def cost(self) -> float:
        """Total cost, per loop."""
        return float(self.raw["Total Cost"])

    @property
    def table(self) -> str | None:
        """`schema.table` for a scan or a ModifyTable, unquoted."""
        name = self.raw.get("Relation Name")
        return f"{self.raw['Schema']}.{name}" if name is not None and "Schema" in self.raw else name

    def get(self, field: str) -> Any:
        """Any other field by EXPLAIN's own name, None where it is missing."""
        return self.raw.get(field)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, top down."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Plan:
    """Production's plan of one statement."""

    root: Node

    @property
    def cost(self) -> float:
        """Total cost of the whole statement."""
        return self.root.cost

    def walk(self) -> Iterator[Node]:
        """All nodes, top down."""
        return self.root.walk()


@dataclass(frozen=True, slots=True)
class CannotTell:
    """No plan, and why: an unknown relation, a temporary table, another engine's syntax."""

    reason: str
    utility: bool = False
    """The statement never has a plan (SET, BEGIN, DDL): nothing was missed, it need not be counted."""
    sqlstate: str = ""
    """PostgreSQL's own code, where it was the server that refused."""
    position: int | None = None
    """The character at fault within the statement, counted from 1."""
    hint: str = ""
    """PostgreSQL's own hint."""
