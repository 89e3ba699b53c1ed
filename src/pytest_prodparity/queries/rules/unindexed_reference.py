"""`seq-scan`, behind a DELETE: the foreign keys that point to its table are checked by reading the tables they are on.

No plan shows it: the check is a statement of its own, which PostgreSQL runs once for each deleted row. See
ri_triggers.c: `SELECT 1 FROM ONLY <child> x WHERE $1 = <key> FOR KEY SHARE OF x`, or a DELETE or UPDATE of that shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from psycopg import sql

from ...core.findings import Remedy
from ...profile.model import Constraint, Index, Profile, Table
from ...twin.plan import CannotTell
from ..indexing import Candidate, quoted
from ..planning import Plans
from ..reading import Reading
from ..wording import name, rows
from .protocol import Claim, Evidence


class UnindexedReference:
    """Foreign keys without an index on their own columns, when rows that they point to are deleted."""

    id = "seq-scan"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """One claim a statement, for the largest referencing table; the others are named in it."""
        least = evidence.threshold(self.id, "rows")
        for group, reading in evidence.readings():
            target = _deleted_from(reading)
            if target is None or evidence.plans is None:
                continue
            found = [(child, key) for child, key in references(reading.profile, target) if child.rows >= least]
            if not found:
                continue
            child, key = max(found, key=lambda each: each[0].rows)
            subject, deleted = name(child, reading.profile), name(target, reading.profile)
            yield evidence.claim(
                self.id, group, subject=subject,
                title=f"reads {rows(child.rows)} of {subject} for each row deleted from {deleted}",
                production=f"Seq Scan on {subject} once a deleted row, to check the foreign key {key.name}",
                details={
                    "scanned": round(child.rows), "foreign_key": key.name,
                    "unindexed": [f"{other.full_name} ({', '.join(each.columns)})" for other, each in found],
                },
                remedy=_remedy(child, key, evidence.plans),
            )  # fmt: skip


def references(profile: Profile, target: Table) -> list[tuple[Table, Constraint]]:
    """Foreign keys that point to `target` and whose own columns no index serves."""
    return [
        (child, key)
        for child in profile.tables
        if child.kind in ("table", "partitioned") and child.readable
        for key in child.constraints
        if key.kind == "foreign key"
        and key.references == target.full_name
        and not any(_serves(index, key) for index in child.indexes)
    ]


def _serves(index: Index, key: Constraint) -> bool:
    """An index on `x WHERE x IS NOT NULL` serves too: the check asks for equality, which NULL never is."""
    if not index.valid or not index.columns or index.columns[0] not in key.columns:
        return False
    plain = re.fullmatch(r'\(?"?([^"]+?)"? IS NOT NULL\)?', index.partial or "")
    return index.partial is None or (plain is not None and plain[1] in key.columns)


def _deleted_from(reading: Reading) -> Table | None:
    for step in reading.steps:
        if step.type == "ModifyTable" and step.node.get("Operation") == "Delete" and step.node.table:
            return reading.profile.table(step.node.table)
    return None


def _remedy(child: Table, key: Constraint, plans: Plans) -> Remedy:
    candidate = Candidate(child, tuple(quoted(column) for column in key.columns))
    conditions = sql.SQL(" AND ").join(
        sql.SQL("x.{} OPERATOR(pg_catalog.=) {}").format(sql.Identifier(column), sql.SQL(f"${number}"))
        for number, column in enumerate(key.columns, 1)
    )
    check = sql.SQL("SELECT 1 FROM ONLY {} x WHERE {}").format(sql.Identifier(child.schema, child.name), conditions)
    plan = plans.what_if(candidate.ddl(concurrently=False), check.as_string(), None)
    used = not isinstance(plan, CannotTell) and any("Index" in node.type for node in plan.walk())
    return Remedy(
        text=f"The foreign key {key.name} needs an index on its own columns: PostgreSQL makes none.",
        sql=candidate.ddl(concurrently=True) + ";",
        proof="production's planner checks it by this index" if used else None,
    )
