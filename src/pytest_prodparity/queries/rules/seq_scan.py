"""`seq-scan`: a large table is read to return a few of its rows."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.findings import Remedy
from ...profile.model import Table
from ..conditions import Condition
from ..indexing import asked_of, candidates, extreme_of, joined_on, order_of, prove, quoted, random_of, remedy
from ..rarity import rare
from ..reading import Reading, Scan, Step, passes_over
from ..statements import Execution, Group
from ..wording import name, node, rows
from .production import outlook
from .protocol import Claim, Evidence

_NEEDS_ALL = {"Aggregate", "Group", "Unique", "SetOp", "WindowAgg", "Recursive Union"}
_MEMBERSHIP = {"Anti", "Right Anti", "Semi", "Right Semi"}
FEW = 1_000
"""Without a proven index, only a scan that keeps at most so many rows is accused: nothing else explains it."""


class SeqScan:
    """Scans by production's row counts, and proves the index."""

    id = "seq-scan"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """One claim a scan; where the test's own values say nothing, by values that are less common."""
        for group, reading in evidence.readings():
            claims = list(self._claims(evidence, group, reading, evidence.asked(group)[1]))
            if not claims:
                other = evidence.typical(group)
                claims = list(self._claims(evidence, group, *other)) if other else []
            yield from claims

    def _claims(self, evidence: Evidence, group: Group, reading: Reading, execution: Execution) -> Iterator[Claim]:
        least, share = evidence.threshold(self.id, "rows"), evidence.threshold(self.id, "share")
        for scan in reading.scans:
            if not _whole(scan):
                continue
            used, why = used_of(scan)
            claim = None
            if scan.scanned >= least and used <= share * scan.scanned:
                claim = self._judge(evidence, group, reading, execution, scan, used, why)
            elif scan.step.fraction < 1 and scan.rows >= least and scan.step.type != "Bitmap Heap Scan":
                claim = self._search(evidence, group, reading, scan)
            if claim is not None:
                yield claim

    def _search(self, evidence: Evidence, group: Group, reading: Reading, scan: Scan) -> Claim | None:
        """A LIMIT over a search for what few rows hold: the planner guesses that it ends early, and reads to the end."""
        looked_for = [each for each in asked_of(scan) if rare(each, scan.table)]
        limit = next((step for step in scan.top.up() if step.type == "Limit"), None)
        if not looked_for or limit is None:
            return None
        subject = name(scan.table, reading.profile)
        made = next((each for each in candidates(scan) if each.keys[0].startswith("(")), None)
        fix = _rewrite(scan, reading, None, "filter")
        if made is not None:
            fix = Remedy(
                text="The comparison is with an expression, which no index on the column alone can serve.",
                sql=made.ddl(concurrently=True) + ";",
            )
        return evidence.claim(
            self.id, group, subject=subject,
            title=f"reads up to {rows(scan.rows)} to {_purpose(group)} at most {max(1, round(limit.node.rows)):,}",
            production=f"{node(scan.step, reading.profile)}, to the end unless the LIMIT is reached before",
            details={"scanned": round(scan.rows), "table_rows": round(scan.rows), "confidence": "low"},
            remedy=fix,
        )  # fmt: skip

    def _judge(
        self,
        evidence: Evidence,
        group: Group,
        reading: Reading,
        execution: Execution,
        scan: Scan,
        used: float,
        why: str,
    ) -> Claim | None:
        assert evidence.plans is not None
        unsure = [each for each in asked_of(scan) if not _sure(each, scan.table)]
        early = scan.step.fraction < 1 and why == "filter"
        if early and any(rare(each, scan.table) for each in unsure):
            return self._search(evidence, group, reading, scan)
        if early and unsure:
            evidence.cannot_tell(
                group, f"how soon the LIMIT is reached on {scan.table.name} depends on an estimate without statistics"
            )
            return None
        proof, refused = prove(scan, reading, execution, evidence.plans)
        fix = remedy(proof, scan, reading.profile) if proof else _rewrite(scan, reading, refused, why)
        if proof is None and not _plain(scan, why, used, refused):
            return None
        subject = name(scan.table, reading.profile)
        return evidence.claim(
            self.id, group, subject=subject,
            title=f"reads {rows(scan.scanned)} to {_purpose(group)} {_few(used, bool(unsure))}",
            production=outlook(reading, scan.step),
            details={
                "scanned": round(scan.scanned), "kept": round(used), "table_rows": round(scan.rows),
                "cost": round(reading.plan.cost), "cost_with_index": round(proof.reading.plan.cost) if proof else None,
                "confidence": "low" if unsure else "high",
            },
            remedy=fix,
        )  # fmt: skip


def used_of(scan: Scan) -> tuple[float, str]:
    """Rows of a scan that are needed, and what throws the others away: `filter`, `join` or `order`."""
    used, why = scan.kept, "filter"
    below: Step = scan.top
    for step in scan.top.up():
        if step.type == "Aggregate" and extreme_of(step, scan):
            return min(1.0, used), "order"
        if step.type in _NEEDS_ALL or (below.node.get("Parent Relationship") in ("SubPlan", "InitPlan")):
            break
        if step.type in ("Hash Join", "Merge Join", "Nested Loop"):
            # By whole runs: a LIMIT above says nothing of rows that a sort below has read already.
            entered = below.full * below.calls / max(step.calls, 1e-9)
            if step.full < entered:
                used *= step.full / entered
                why = "membership" if step.node.get("Join Type") in _MEMBERSHIP else "join"
        elif step.type == "Limit" and step.given < used and _sorted_below(scan.top, step):
            used, why = step.given, "order"
        below = step
    return used, why


def _sorted_below(low: Step, limit: Step) -> bool:
    for step in low.up():
        if step is limit:
            return False
        if step.type in ("Sort", "Incremental Sort"):
            return True
    return False


def _whole(scan: Scan) -> bool:
    """Is it a scan that an index could replace, or an index scan that filters what it has read?"""
    node = scan.step.node
    if scan.step.type in ("Seq Scan", "Sample Scan"):
        return scan.step.type == "Seq Scan"
    if bool(node.get("Filter")) or not node.get("Index Cond"):
        return True
    index = next((each for each in scan.table.indexes if each.name == node.get("Index Name")), None)
    return len(scan.steps) == 1 and passes_over(scan.step, index, scan.table)


def _plain(scan: Scan, why: str, used: float, refused: str | None) -> bool:
    """Is it a finding even without a proven index?"""
    own = asked_of(scan)
    if why == "order" and (random_of(scan) or any(each.kind == "pattern" for each in own)):
        return True
    if why == "filter" and any(
        each.cast or each.kind == "pattern" or (each.kind == "equal" and each.expression) for each in own
    ):
        return True
    if refused is not None and why in ("filter", "order"):
        return bool(own or order_of(scan)) and used <= FEW
    return (
        why == "filter"
        and used <= FEW
        and any(each.kind in ("equal", "any", "or", "range", "true", "null") for each in own)
    )


def _sure(condition: Condition, table: Table) -> bool:
    """Does production have statistics from which the planner knows how many rows pass?"""
    column = next((each for each in table.columns if each.name == condition.column), None)
    if condition.kind in ("other", "or", "pattern") or column is None or condition.cast:
        return False
    known = column.statistics or column.inherited_statistics
    if known is None:
        return any(index.unique and index.columns == [column.name] for index in table.indexes)
    if condition.kind == "range":
        return known.histogram_bounds is not None or known.most_common_vals is not None
    return True


def _purpose(group: Group) -> str:
    if group.shape.verb in ("update", "delete", "merge", "insert"):
        return {"update": "change", "delete": "delete"}.get(group.shape.verb, "write")
    counts = any(
        group.shape.words[at : at + 2] == (each, "(")
        for at in range(len(group.shape.words))
        for each in ("count", "sum", "avg", "min", "max")
    )
    return "use" if counts else "return"


def _few(used: float, unsure: bool) -> str:
    # Without statistics the planner takes a fixed share, and that number would be read as a fact.
    return "a few" if unsure else f"{max(0, round(used)):,}"


def _rewrite(scan: Scan, reading: Reading, refused: str | None, why: str) -> Remedy:
    """What to do where no index was proven: the cause decides."""
    own = asked_of(scan)
    for each in own:
        if each.cast and each.column:
            return _uncast(each, scan)
    if any(each.kind == "pattern" for each in own):
        column = next((each.column for each in own if each.kind == "pattern" and each.column), None)
        there = any(extension.name == "pg_trgm" for extension in reading.profile.extensions)
        ddl = (
            f"{'' if there else 'CREATE EXTENSION IF NOT EXISTS pg_trgm; '}"
            f"CREATE INDEX CONCURRENTLY ON {_target(scan.table)} USING gin ({quoted(column)} gin_trgm_ops);"
            if column
            else None
        )
        return Remedy(
            text="A pattern that begins with a wildcard cannot use a B-tree: add the extension pg_trgm and a trigram index, or search by a prefix.",
            sql=ddl,
        )  # fmt: skip
    if random_of(scan):
        return Remedy(
            text="ORDER BY random() draws a number for every row and sorts them all: TABLESAMPLE SYSTEM_ROWS or BERNOULLI, "
            "or draw keys in the code (WHERE id >= $1 ORDER BY id LIMIT n)."
        )
    if any(each.kind == "or" for each in own):
        return Remedy(
            text="An OR over several columns needs an index on each of them, or a UNION of one statement per column."
        )
    if any(each.kind == "equal" and each.expression for each in own):
        return Remedy(
            text="The comparison is with an expression, which no index on its columns can serve: compare the column itself, "
            "or create an index on the expression as it is written."
        )
    columns = [each.column for each in (*own, *joined_on(scan)) if each.column] or list(order_of(scan))
    said = f" on {', '.join(dict.fromkeys(columns))}" if columns else ""
    untried = f" It could not be tried on production's planner: {refused}." if refused else ""
    del why
    return Remedy(text=f"An index{said} would let the database find these rows without reading all others.{untried}")


def _target(table: Table) -> str:
    return quoted(table.name) if table.schema == "public" else quoted(table.schema, table.name)


def _uncast(condition: Condition, scan: Scan) -> Remedy:
    column = condition.column or ""
    indexed = any(index.columns[:1] == [column] for index in scan.table.indexes)
    then = "" if indexed else f" Then create an index on {quoted(column)}."
    ddl = None if indexed else f"CREATE INDEX CONCURRENTLY ON {_target(scan.table)} ({quoted(column)});"
    if condition.cast == "date":
        how = f"{quoted(column)} >= day AND {quoted(column)} < day + 1"
        return Remedy(
            text=f"The cast of {quoted(column)} to date hides it from every index: compare with a range, {how}.{then}",
            sql=ddl,
        )
    kind = next((each.type for each in scan.table.columns if each.name == column), "the column's type")
    return Remedy(
        text=f"{quoted(column)} is cast to {condition.cast} for the comparison, so no index on it can be used: "
        f"pass the value as {kind}.{then}",
        sql=ddl,
    )  # fmt: skip
