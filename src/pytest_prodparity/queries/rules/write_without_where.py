"""`write-without-where`: UPDATE or DELETE of every row."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.findings import Remedy
from ...profile.model import Table
from ..reading import CONDITIONS
from ..statements import Group
from ..wording import count, name
from .protocol import Claim, Evidence


class WriteWithoutWhere:
    """By the text alone; production's row count, where it is known, says whether it matters."""

    id = "write-without-where"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """One claim a statement of the code under test; a test may empty its own tables."""
        least = evidence.threshold(self.id, "rows")
        for group in evidence.sorted.groups:
            if group.shape.verb not in ("update", "delete"):
                continue
            if not everything(group) and not _excludes_nothing(evidence, group):
                continue
            target = target_of(group)
            if target is None or evidence.in_test_itself(group.source):
                continue
            table = _table(evidence, target)
            if evidence.profile is not None and (table is None or table.rows < least):
                continue
            word = "changes" if group.shape.verb == "update" else "deletes"
            held = f"all {count(table.rows)} rows" if table else "every row"
            shown = name(table, evidence.profile) if table and evidence.profile else target
            yield evidence.claim(
                self.id, group, subject=shown, title=f"{word} {held} of {shown}",
                production="locks every row until the transaction ends, and writes each one to the log",
                details={"table_rows": round(table.rows) if table else None},
                remedy=Remedy(
                    text=f"Add the WHERE that is meant. If every row is meant: in batches by key, each in a transaction of its own"
                    f"{', or TRUNCATE' if group.shape.verb == 'delete' else ''}."
                ),
            )  # fmt: skip


WHOLE = 0.999


def _excludes_nothing(evidence: Evidence, group: Group) -> bool:
    """A WHERE that the planner has taken away (`a = a`, IS NOT NULL of what never is), or a join that each row has."""
    reading = evidence.reading(group)
    if reading is None or reading.root.type != "ModifyTable" or not reading.root.below:
        return False
    written = next((scan for scan in reading.scans if scan.table.full_name == reading.root.node.table), None)
    if written is None or any(asked for step in written.steps for asked in map(step.node.get, CONDITIONS)):
        return False
    return written.step.type == "Seq Scan" and reading.root.below[0].full >= WHOLE * written.rows > 0


def everything(group: Group) -> bool:
    """No WHERE in the statement itself, or one that is always true."""
    words = group.shape.outer
    if "where" not in words:
        return True
    after = words[words.index("where") + 1 :]
    condition = after[: after.index("returning")] if "returning" in after else after
    if condition == ("?", "=", "?"):
        values = [slot.literals for slot in group.shape.slots][-2:]
        return len(values) == 2 and bool(values[0]) and values[0] == values[1]
    return condition == ("?",) and bool(group.shape.slots) and group.shape.slots[-1].literals == ("true",)


def target_of(group: Group) -> str | None:
    """The table that the statement writes, as it is written there."""
    words = group.shape.words
    depth = 0
    for at, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if depth == 0 and word == group.shape.verb:
            rest = [each for each in words[at + 1 :] if each not in ("from", "only", "(")]
            parts = rest[:1]
            while len(rest) > 2 and rest[1] == ".":
                parts.append(rest[2])
                rest = rest[2:]
            return (
                ".".join(part.strip('"').replace('""', '"') if part.startswith('"') else part for part in parts) or None
            )
    return None


def _table(evidence: Evidence, target: str) -> Table | None:
    if evidence.profile is None:
        return None
    return (
        evidence.profile.table(f"public.{target}")
        if "." not in target and evidence.profile.table(f"public.{target}")
        else evidence.profile.table(target)
    )
