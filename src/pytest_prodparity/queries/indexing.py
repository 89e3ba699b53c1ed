"""Which index would serve a scan, and what production's planner says with it in place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql as quoting

from ..core.findings import Remedy
from ..profile.model import Profile, Table
from ..twin.plan import CannotTell
from .conditions import Condition, conditions
from .fingerprint import masked
from .planning import Plans
from .reading import Reading, Scan, Step, refers
from .statements import Execution
from .wording import count, node, rows

WORTH = 5.0
"""An index is proposed when production's cost falls to a fifth."""
WORTH_GUESSED = 2.0
"""The same for an index on an expression. Nothing is known of its values until it is built and analysed: the planner
takes each to be in 0.5 % of the rows, however large the table, and so understates the gain."""
MANY = 100.0
"""Or to half, if it reads so many times fewer rows."""
WIDEST = 4
TRIED = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """An index that may help. `keys` are columns, or expressions in parentheses, already quoted."""

    table: Table
    keys: tuple[str, ...]
    where: str = ""

    def ddl(self, *, concurrently: bool) -> str:
        """CREATE INDEX; with CONCURRENTLY as a user should run it, which no partitioned table allows."""
        concurrently = concurrently and self.table.kind != "partitioned"
        name = quoted(self.table.schema, self.table.name) if self.table.schema != "public" else quoted(self.table.name)
        if not concurrently:
            name = quoted(self.table.schema, self.table.name)
        where = f" WHERE {self.where}" if self.where else ""
        return f"CREATE INDEX {'CONCURRENTLY ' if concurrently else ''}ON {name} ({', '.join(self.keys)}){where}"


@dataclass(frozen=True, slots=True)
class Proof:
    """A candidate that production's planner would use."""

    candidate: Candidate
    reading: Reading
    gain: float


def quoted(*names: str) -> str:
    """An identifier, quoted where it must be."""
    return ".".join(
        each if _BARE.fullmatch(each) and each not in _RESERVED else quoting.Identifier(each).as_string()
        for each in names
    )


_BARE = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = frozenset(
    [
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "asymmetric",
        "authorization",
        "between",
        "binary",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "collation",
        "column",
        "concurrently",
        "constraint",
        "create",
        "cross",
        "current_catalog",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "default",
        "deferrable",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "freeze",
        "from",
        "full",
        "grant",
        "group",
        "having",
        "ilike",
        "in",
        "initially",
        "inner",
        "intersect",
        "into",
        "is",
        "isnull",
        "join",
        "lateral",
        "leading",
        "left",
        "like",
        "limit",
        "localtime",
        "localtimestamp",
        "natural",
        "not",
        "notnull",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "outer",
        "overlaps",
        "placing",
        "primary",
        "references",
        "returning",
        "right",
        "select",
        "session_user",
        "similar",
        "some",
        "symmetric",
        "system_user",
        "table",
        "tablesample",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "values",
        "variadic",
        "verbose",
        "when",
        "where",
        "window",
        "with",
    ]
)


def asked_of(scan: Scan) -> list[Condition]:
    """The conditions of a scan itself."""
    text = " AND ".join(
        f"({each})"
        for each in (scan.step.text("Filter"), scan.step.text("Recheck Cond"), scan.step.text("Index Cond"))
        if each
    )
    return conditions(text, scan.table, scan.alias)


def joined_on(scan: Scan) -> list[Condition]:
    """The conditions by which other relations' rows look for this one's: from joins above, and from an outer query."""
    found = [each for each in asked_of(scan) if each.outside]
    for step in scan.step.up():
        for field in ("Hash Cond", "Merge Cond", "Join Filter"):
            text = step.text(field)
            if text and refers(text, scan.alias):
                found += [each for each in conditions(text, scan.table, scan.alias) if each.outside]
        if step.type in ("Aggregate", "Group", "Unique", "SetOp"):
            break
    return found


def order_of(scan: Scan) -> tuple[str, ...]:
    """The sort keys above a scan, as an index would hold them; empty unless all are columns of its table.

    The column of a lone min() or max() is one too: either end of an index answers it.
    """
    for step in scan.step.up():
        if step.type in ("Sort", "Incremental Sort"):
            return _keys(step, scan)
        if step.type == "Aggregate" and (end := extreme_of(step, scan)):
            return (quoted(end),)
        if step.type in ("Aggregate", "Group", "Unique", "SetOp", "WindowAgg", "Hash Join", "Merge Join"):
            return ()
    return ()


def extreme_of(step: Step, scan: Scan) -> str | None:
    """The column of which an aggregate over all rows is the least or greatest, and nothing else."""
    output = step.node.get("Output")
    if step.node.get("Group Key") or not isinstance(output, list) or len(output) != 1:
        return None
    found = re.fullmatch(r"(?:PARTIAL )?(?:min|max)\((.+)\)", str(output[0]), re.DOTALL)
    inner = re.fullmatch(r"\(PARTIAL (?:min|max)\((.+)\)\)", found[1], re.DOTALL) if found else None
    if found is None:
        return None
    text = inner[1] if inner else found[1]
    column = next(iter(conditions(f"{text} = 0", scan.table, scan.alias)), None)
    return column.column if column is not None and column.cast is None else None


def random_of(scan: Scan) -> bool:
    """Are the rows sorted by a number drawn for each of them?"""
    return any("random()" in str(step.node.get("Sort Key")) for step in scan.step.up())


def _keys(step: Step, scan: Scan) -> tuple[str, ...]:
    raw = step.node.get("Sort Key") or []
    keys: list[tuple[str, str]] = []
    for text in raw:
        found = re.fullmatch(r"(.*?)((?: DESC)?(?: NULLS (?:FIRST|LAST))?)", str(text), re.DOTALL)
        assert found is not None
        asked = f"{found.group(1)} = 0"
        column = next(iter(conditions(asked, scan.table, scan.alias)), None)
        if scan.root is not scan.table or len(scan.steps) > 1:
            # Above the partitions (`t_1`, `t_2`, …) their parent's name is meant.
            whole = next(iter(conditions(asked, scan.root, re.sub(r"_\d+$", "", scan.alias))), None)
            column = whole if column is None or column.column is None else column
        if column is None or column.column is None or column.cast:
            return ()
        keys.append((quoted(column.column), found.group(2)))
    if all(tail == " DESC" for _, tail in keys):
        # A B-tree is read backwards just as well.
        keys = [(key, "") for key, _ in keys]
    return tuple(key + tail for key, tail in keys)


def candidates(scan: Scan) -> list[Candidate]:
    """At most a handful, the likeliest first; none that production already has."""
    own = [each for each in asked_of(scan) if not each.outside]
    equal = _columns([each for each in own if each.kind in ("equal", "any") and each.cast is None])
    ranges = _columns([each for each in own if each.kind == "range" and each.cast is None])
    made = tuple(
        f"({each.expression})"
        for each in own
        if each.kind == "equal" and each.expression and _structural(each.expression)
    )
    joins = _columns([each for each in joined_on(scan) if each.kind == "equal" and each.cast is None])
    nulls = _columns([each for each in own if each.kind == "null"])
    partial = " AND ".join(_constants(own))
    order = order_of(scan)
    ideas: list[tuple[tuple[str, ...], str]] = []
    if made:
        ideas.append(((*made, *equal), ""))
    # What an order finds early is a guess where nobody knows how many rows pass the filter.
    if order and not any(each.kind in ("pattern", "other", "or") for each in own):
        ideas.append(((*equal, *order), partial))
    if joins:
        ideas += [((*joins, *equal), ""), (joins[:1], "")]
    if equal or ranges:
        ideas += [((*equal, *ranges[at : at + 1]), "") for at in range(max(1, len(ranges)))]
    if partial and not order:
        ideas.append(((*equal, *ranges[:1]) or _first_key(scan.table), partial))
    if nulls and not equal and not ranges:
        ideas.append((nulls, ""))
    if len(equal) > 1:
        ideas.append((equal[:1], ""))
    found: list[Candidate] = []
    for keys, where in ideas:
        keys = tuple(dict.fromkeys(keys))[:WIDEST]
        candidate = Candidate(scan.target, keys, where)
        if keys and candidate not in found and not _exists(candidate):
            found.append(candidate)
    return found[:TRIED]


def _structural(expression: str) -> bool:
    """Are its literals part of what is asked (a JSON key, a unit of time), and no caller's value?"""
    return all(_STRUCTURAL.search(expression[: found.start()]) for found in re.finditer(r"'(?:[^']|'')*'", expression))


_STRUCTURAL = re.compile(
    r"(->>?|#>>?)\s*$|\b(date_trunc|date_part|to_char|timezone|to_tsvector)\((\w+(::\w+)?,\s*)?$|\bextract\($"
)


def _columns(found: Sequence[Condition]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(quoted(each.column) for each in found if each.column))


def _constants(own: Sequence[Condition]) -> list[str]:
    """Predicates that are the same for every caller and hold no value: `deleted_at IS NULL`, `NOT done`."""
    out: list[str] = []
    for each in own:
        if each.kind == "null" and each.column:
            out.append(f"{quoted(each.column)} IS NULL")
        elif each.kind == "not null" and each.column:
            out.append(f"{quoted(each.column)} IS NOT NULL")
        elif each.kind == "true" and each.column:
            out.append(f"{'NOT ' if each.text.upper().startswith('NOT') else ''}{quoted(each.column)}")
    return out


def _first_key(table: Table) -> tuple[str, ...]:
    primary = next((index for index in table.indexes if index.primary), None)
    return tuple(quoted(column) for column in primary.columns) if primary else ()


def _exists(candidate: Candidate) -> bool:
    wanted = [re.sub(r"\s|^\(|\)$", "", key).lower() for key in candidate.keys]
    if candidate.where:
        return False
    for index in candidate.table.indexes:
        have = [
            re.sub(r"\s|^\(|\)$", "", quoted(each) if _is_column(candidate.table, each) else each).lower()
            for each in index.columns
        ]
        if index.method == "btree" and index.valid and not index.partial and have[: len(wanted)] == wanted:
            return True
    return False


def _is_column(table: Table, text: str) -> bool:
    return any(column.name == text for column in table.columns)


def prove(scan: Scan, before: Reading, execution: Execution, plans: Plans) -> tuple[Proof | None, str | None]:
    """The smallest of the best candidates, and why there is none where the planner could not try."""
    proofs: list[Proof] = []
    refused: str | None = None
    for candidate in candidates(scan):
        plan = plans.what_if(candidate.ddl(concurrently=False), execution.statement.sql, execution.statement.parameters)
        if isinstance(plan, CannotTell):
            refused = plan.reason
            continue
        after = Reading(plan, before.profile, words=execution.shape.words, partial=bool(candidate.where))
        gain = before.plan.cost / max(plan.cost, 0.01)
        fewer = scanned_of(before, scan) / max(1.0, scanned_of(after, scan))
        if _worth(candidate, gain, fewer):
            proofs.append(Proof(candidate, after, gain))
    if not proofs:
        return None, refused
    best = max(proof.gain for proof in proofs)
    near = [proof for proof in proofs if proof.gain * 1.5 >= best]
    return min(near, key=lambda proof: (len(proof.candidate.keys), -proof.gain)), None


def _worth(candidate: Candidate, gain: float, fewer: float) -> bool:
    """Does it pay? Cost alone is not the measure: pages read at random cost four times as much as in sequence."""
    if candidate.keys[0].startswith("("):
        # An index on an expression has no statistics before its first ANALYZE: the planner guesses its rows, high.
        return gain > 1 and fewer >= WORTH**2
    return (gain >= WORTH and fewer > 1) or (gain >= 2 and fewer >= MANY)


def scanned_of(reading: Reading, scan: Scan) -> float:
    """Rows of the same table that a plan reads."""
    return sum(each.scanned for each in reading.scans if each.table is scan.table)


def remedy(proof: Proof, scan: Scan, profile: Profile) -> Remedy:
    """The index as a step to take, with the plan that proves it."""
    using = next((each for each in proof.reading.scans if each.table is scan.table), None)
    read = scanned_of(proof.reading, scan)
    what = node(using.step, profile) if using else "the index"
    parts = "; made on each partition CONCURRENTLY and attached, it takes no lock"
    extra = parts if proof.candidate.table.kind == "partitioned" else ""
    if proof.candidate.keys[0].startswith("("):
        # Its values are unknown until then, and the planner's guess is high.
        extra += "; far fewer once ANALYZE has seen its values: run it after the index is built"
    return Remedy(
        text=f"Create an index on {masked(', '.join(proof.candidate.keys))}.",
        sql=proof.candidate.ddl(concurrently=True) + ";",
        proof=f"production's plan with it: {what}, {rows(max(1, read))} read, cost {count(proof.gain)} times lower{extra}",
    )
