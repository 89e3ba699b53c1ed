"""A page that needs nothing but itself: what failed and why, what was tried, how far it can be trusted.

It loads nothing and asks nobody: its Content-Security-Policy allows one style sheet and one script, by their hashes, so that nothing in a
report can run even if it came to be markup.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.resources import files

from ..evidence import Head, distinct
from ..policy import Action
from ..verdict import Decided, Verdict
from .answer import STYLES, WORDS, figures
from .page import finding, tried
from .page.markup import Html, hidden, short, tag, together
from .terminal import amount, count, version

LIMIT = 5_000_000
"""Bytes. A finding without its evidence has at most some 2,000."""
MOST = 2_000
"""Findings that are listed."""
_BESIDE = 1_000_000
"""Bytes for what was tried, at most."""
_BRIEF = 1_500
"""Bytes that are kept for each finding whose evidence may not fit."""
_UNTOLD = 200
_LONG = 500
_READS = (
    "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
)


def text(verdict: Verdict) -> str:
    """The whole page, at most `LIMIT` bytes of UTF-8."""
    style, script = (files("pytest_prodparity.gate.render.page").joinpath(name).read_text("utf-8") for name in ("style.css", "script.js"))  # fmt: skip
    shown = [one for one in verdict.findings if one.action > Action.IGNORE]
    sections = [*_tried(verdict, shown), _trust(verdict)]
    outside = together([_head(verdict, style, script), *sections])
    room = LIMIT - len(outside.encode()) - 2_000
    main = tag("main", _findings(shown, room), *sections, id="main")
    body = tag(
        "body",
        tag("a", "Skip to the findings", href="#main", class_="skip"),
        _top(verdict, shown),
        main,
        tag("script", Html(script)),
    )
    return f'<!doctype html>\n<html lang="en">{_head(verdict, style, script)}{body}</html>\n'


def _head(verdict: Verdict, style: str, script: str) -> Html:
    reads = _READS.format(style=_hash(style), script=_hash(script))
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=reads),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"Production parity: {WORDS[verdict.answer]}"),
        tag("style", Html(style)),
    )


def _hash(source: str) -> str:
    return b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _top(verdict: Verdict, shown: list[Decided]) -> Html:
    """The answer, why, and what it is about."""
    answer = tag("h1", "Production parity: ", tag("strong", WORDS[verdict.answer], class_=STYLES[verdict.answer]))
    reasons = [tag("li", tag("b", reason.does), f" {short(reason.text, _LONG)}") for reason in verdict.reasons[:50]]
    if len(verdict.reasons) > 50:
        reasons.append(tag("li", f"and {len(verdict.reasons) - 50:,} more"))
    parts = [answer, tag("p", " · ".join(figures(verdict)), class_="figures")]
    parts += [tag("ul", *reasons, class_="reasons")] if reasons else []
    parts += [_facts(verdict.gathered.evidence.sorted_heads())] if verdict.gathered.evidence.heads else []
    places = [("findings", bool(shown)), ("faults", any(each.scenarios for each in verdict.gathered.evidence.tried)),
              ("races", any(each.races for each in verdict.gathered.evidence.tried)),
              ("loads", any(each.loads for each in verdict.gathered.evidence.tried)), ("trust", True)]  # fmt: skip
    links = [tag("a", name, href=f"#{name}") for name, there in places if there]
    return tag("header", *parts, tag("nav", *links, aria_label="Sections"))


def _facts(heads: list[Head]) -> Html:
    """What the runs were held against, and ran on."""
    known = [head.production for head in heads if head.production is not None]
    held = [f"PostgreSQL {version(one.version)}, {count(one.tables, 'table')}, {amount(one.size)}, {one.origin} {_day(one.captured_at)}" for one in known]  # fmt: skip
    rows = (
        ("production", distinct(held) or ["no profile: statements are not judged by production's plans"]),
        ("run on", distinct(head.server for head in heads)),
        ("begun", distinct(_minute(head.started_at) for head in heads)),
        ("seed", distinct(str(head.seed) for head in heads)),
        ("commit", distinct(head.commit and head.commit[:12] for head in heads)),
    )
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", short("; ".join(told), _LONG))) for name, told in rows if told))  # fmt: skip


def _findings(shown: list[Decided], room: int) -> Html:
    if not shown:
        return tag("section", tag("h2", "Findings"), tag("p", "None that blocks or warns."), id="findings")
    listed, rest = shown[:MOST], len(shown) - MOST
    items, kept = [], len(listed) * _BRIEF
    for number, one in enumerate(listed):
        whole, kept = finding.listed(one, number), kept - _BRIEF
        if len(whole.encode()) > room - kept:
            whole = finding.brief(one, number)
        room -= len(whole.encode())
        items.append(whole)
    more = tag("p", f"{rest:,} more findings are in the report file only.") if rest > 0 else None
    return tag(
        "section", tag("h2", "Findings"), _filter(listed), tag("ol", *items, class_="findings"), more, id="findings"
    )


def _filter(listed: list[Decided]) -> Html:
    """Shown by the script, since nothing happens without it."""
    rules = sorted({one.met.rule for one in listed})
    choices = [tag("option", f"all {count(len(rules), 'rule')}", value="")]
    choices += [tag("option", short(rule, 60), value=short(rule, 60)) for rule in rules]
    return tag(
        "form",
        tag("label", "Find ", tag("input", type="search", name="text", autocomplete="off", placeholder="text, file, test")),
        tag("label", "Rule ", tag("select", *choices, name="rule")),
        tag("label", tag("input", type="checkbox", name="blocking"), " blocking only"),
        tag("button", "Open all", type="button", name="open"),
        tag("output", count(len(listed), "finding"), aria_live="polite"),
        role="search",
        hidden=True,
    )  # fmt: skip


def _tried(verdict: Verdict, shown: list[Decided]) -> list[Html]:
    """Sections of what there was, as far as they fit."""
    every = verdict.gathered.evidence.sorted_tried()
    links = {(test, one.met.rule): one.met.fingerprint for one in shown[:MOST] for test in one.met.tests}
    room = _BESIDE
    sections = []
    for name, title, made in (
        ("faults", "Faults: trip by kind", lambda: tried.sweeps(every, links)),
        ("races", "Races", lambda: filter(None, [tried.races(every[:MOST])])),
        ("loads", "Loads", lambda: tried.loads(every)),
    ):
        parts, room, left = _fitting(made, room)
        if parts or left:
            more = tag("p", f"{left:,} more did not fit here: they are in the report file.") if left else None
            key = tried.legend() if name == "faults" else None
            sections.append(tag("section", tag("h2", title), key, *parts, more, id=name))
    return sections


def _fitting(made: Callable[[], Iterable[Html]], room: int) -> tuple[list[Html], int, int]:
    parts: list[Html] = []
    left = 0
    for part in made():
        size = len(part.encode())
        if left or size > room:
            left += 1
            continue
        room -= size
        parts.append(part)
    return parts, room, left


def _trust(verdict: Verdict) -> Html:
    """What limits what this page says."""
    evidence, counts = verdict.gathered.evidence, verdict.counts
    heads = evidence.sorted_heads()
    parts = [tag("p", f"{count(counts['statements'], 'statement')} judged, {counts['cannot_tell']:,} cannot tell.")]
    notes = distinct(note for head in heads for note in head.notes)
    notes += distinct(_aged(head) for head in heads)
    if notes:
        parts.append(tag("ul", *(tag("li", short(note, _LONG)) for note in notes[:_UNTOLD])))
    untold = sorted(evidence.untold.items(), key=lambda each: (-each[1], each[0]))
    if untold:
        rows = [
            tag(
                "tr",
                tag("td", short(reason, _LONG)),
                tag("td", tag("code", short(statement, _LONG))),
                tag("td", f"{times:,}"),
            )
            for (reason, statement), times in untold[:_UNTOLD]
        ]
        head = tag("tr", *(tag("th", name, scope="col") for name in ("why nobody can tell", "statement", "times")))
        table = tag("table", tag("thead", head), tag("tbody", *rows), class_="untold")
        more = f", {len(untold) - _UNTOLD:,} more in the report file" if len(untold) > _UNTOLD else ""
        told = tag("summary", f"{count(len(untold), 'reason')} why something cannot be told{more}")
        parts.append(
            tag(
                "details",
                told,
                tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="cannot tell"),
            )
        )
    return tag("section", tag("h2", "How far this can be trusted"), *parts, hidden("End of the page."), id="trust")


def _aged(head: Head) -> str | None:
    """How old the profile was at the run: the same whenever the page is made."""
    if head.production is None:
        return f"The run at {head.level} had no profile: no statement was judged by production's plans."
    try:
        then, begun = (datetime.fromisoformat(said) for said in (head.production.captured_at, head.started_at))
    except ValueError:
        return None
    days = (
        (begun if begun.tzinfo else begun.replace(tzinfo=UTC)) - (then if then.tzinfo else then.replace(tzinfo=UTC))
    ).days
    return f"The profile was {count(days, 'day')} old at the run." if days > 0 else None


def _day(said: str) -> str:
    return said[:10]


def _minute(said: str) -> str:
    try:
        when = datetime.fromisoformat(said)
    except ValueError:
        return said
    return f"{when.astimezone(UTC) if when.tzinfo else when:%Y-%m-%d %H:%M} UTC"
