"""One finding: a line that opens, and below it why, how, what to do."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ....core.findings import Finding
from ...policy import Action
from ...verdict import Decided
from .markup import Html, Part, hidden, said, scrolling, short, tag, together
from .order import order

LONG = 4_000
"""Characters of one thing."""
BRIEF = 300
"""Of one thing where there is no room for evidence."""
TESTS = 20
_MANY = 1_000
"""Rows from which bars compare them."""
_COST = re.compile(r"^(?P<step>.*?)  \(cost=[\d.]+\.\.(?P<cost>[\d.]+) rows=(?P<rows>\d+) width=\d+\)(?P<more>.*)$")
_ELSEWHERE = ("also", "called_from", "isolationtester", "executions")
"""Of the details, what has a place of its own or says nothing more."""


def listed(one: Decided, number: int) -> Html:
    """With all evidence."""
    finding = one.met.full
    return _item(one, together(_body(one, finding)) if finding is not None else None, most=LONG, number=number)


def brief(one: Decided, number: int) -> Html:
    """Without."""
    left = tag("p", "The evidence did not fit on this page: it is in the report file.", class_="muted")
    return _item(one, left, most=BRIEF, number=number)


def _item(one: Decided, body: Html | None, *, most: int, number: int) -> Html:
    met = one.met
    does = "blocks" if one.action is Action.BLOCK else "warns"
    head = tag(
        "summary",
        tag("h3", tag("span", does, class_=f"does {does}"), " ", tag("code", short(met.rule, 60), class_="rule"), " ", short(met.title, most)),
        tag("span", short(met.source, most), class_="at"),
    )  # fmt: skip
    opened = tag("details", head, tag("div", body, class_="body"), open=number == 0)
    return tag("li", opened, id=f"f-{met.fingerprint}", data_rule=short(met.rule, 60), data_does=does)


def _body(one: Decided, finding: Finding) -> Iterator[Part]:
    if one.why:
        yield tag("p", one.why, class_="why")
    if finding.statement:
        yield _labelled("statement", tag("pre", short(finding.statement, LONG), class_="sql"))
    if finding.production:
        yield _labelled("in production", tag("p", short(finding.production, LONG)))
    if finding.plan:
        yield _labelled("production's plan", scrolling(plan(finding.plan), "production's plan"))
    if finding.trace:
        yield _labelled("what happens, in this order", order(finding.trace))
    yield from _remedy(finding)
    yield from _also(finding.details.get("also"))
    yield from _details(finding.details)
    yield from _where(one, finding)


def _labelled(label: str, part: Html) -> Html:
    return Html(tag("h4", label) + part)


def plan(lines: Sequence[str]) -> Html:
    """A row for each step, with the rows that production's planner expects; the bar is their logarithm."""
    steps = [(_COST.match(line), line) for line in lines]
    most = max((int(found["rows"]) for found, _ in steps if found), default=0)
    rows = []
    for found, line in steps:
        text = found["step"] if found else line
        depth = min(12, (len(text) - len(text.lstrip())) // 2)
        step = short(text.strip().removeprefix("->").strip(), LONG)
        if found is None:
            rows.append(tag("tr", tag("td", step, class_=f"d{depth} muted", colspan="3")))
            continue
        count = int(found["rows"])
        width = round(10 * math.log10(count + 1) / math.log10(most + 1)) if most >= _MANY else 0
        look = f"bar b{width}{' top' if count == most else ''}"
        bar = tag("span", class_=look, aria_hidden="true") if width else None
        cost = f"{float(found['cost']):,.0f}"
        rows.append(
            tag("tr", tag("td", step, found["more"] or None, class_=f"d{depth}"), tag("td", f"{count:,}", bar), tag("td", cost))
        )  # fmt: skip
    head = tag("tr", *(tag("th", name, scope="col") for name in ("step", "rows", "cost")))
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="plan")


def _remedy(finding: Finding) -> Iterator[Html]:
    remedy = finding.remedy
    if remedy is None or not (remedy.sql or remedy.text):
        return
    parts = [tag("pre", short(remedy.sql, LONG), class_="fix copy")] if remedy.sql else []
    parts += [tag("p", short(text, LONG)) for text in (remedy.proof, remedy.text) if text]
    yield _labelled("what to do", together(parts))


def _also(also: object) -> Iterator[Html]:
    """What else is wrong with the same line."""
    entries = [each for each in also if isinstance(each, Mapping)] if isinstance(also, list | tuple) else []
    if entries:
        yield _labelled("at the same place", tag("ul", *map(_other, entries)))
    elif also:
        yield _labelled("the same comes of", tag("ul", *(tag("li", short(str(each), LONG)) for each in _listed(also))))


def _other(entry: Mapping[str, Any]) -> Html:
    told = [tag("code", str(entry.get("rule", ""))), f" {short(str(entry.get('title', '')), LONG)}"]
    if entry.get("sql"):
        told += [": ", tag("code", short(str(entry["sql"]), LONG))]
    elif entry.get("remedy"):
        told += [": ", short(str(entry["remedy"]), LONG)]
    return tag("li", *told)


def _details(details: Mapping[str, Any]) -> Iterator[Html]:
    rows = []
    for key, value in details.items():
        if key in _ELSEWHERE or value is None:
            continue
        rows.append(tag("div", tag("dt", key.replace("_", " ")), tag("dd", short(_told(value), LONG))))
    if rows:
        yield _labelled("figures", tag("dl", *rows))
    spec = details.get("isolationtester")
    if isinstance(spec, str):
        told = tag("pre", said(short(spec, LONG), lines=True))
        yield tag("details", tag("summary", "the same for PostgreSQL's isolationtester"), scrolling(told, "spec"))


def _where(one: Decided, finding: Finding) -> Iterator[Html]:
    called = list(_listed(finding.details.get("called_from") or ()))
    if finding.source is not None:
        called.insert(0, f"{finding.source} {finding.source.function}")
    if called:
        lines = tag("ol", *(tag("li", tag("code", short(str(line).strip(), BRIEF))) for line in called))
        yield _labelled("where, and called from", lines)
    others = sorted(one.met.tests - {one.met.test})
    tests = [tag("li", tag("code", short(test, LONG))) for test in (one.met.test, *others[:TESTS])]
    if len(others) > TESTS:
        tests.append(tag("li", f"and {len(others) - TESTS:,} more"))
    yield _labelled("met by", tag("ul", *tests))
    if finding.replay:
        yield _labelled("see it again", tag("pre", short(finding.replay, LONG), class_="copy"))
    link = tag("a", one.met.fingerprint, href=f"#f-{one.met.fingerprint}")
    yield tag("p", hidden("fingerprint "), link, class_="muted")


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else [value]


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_told(each)}" for key, each in value.items() if each is not None)
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value)) or "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
