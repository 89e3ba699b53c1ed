"""The terminal section: numbers first, one screen, nothing to look up."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ...core.findings import Finding
from ..report import Production, Report, grouped

MOST = 5
"""Reasons that are shown without -v, for what isolation cost."""


@dataclass(frozen=True, slots=True)
class Line:
    """Text segments with a style each: `` (plain), `title`, `rule`, `muted`, `good` or `bad`."""

    segments: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """Without styles."""
        return "".join(text for text, _ in self.segments)


def plain(text: str = "", style: str = "") -> Line:
    """A line of one style."""
    return Line(((text, style),))


def title(report: Report, now: datetime) -> str:
    """For the separator above the section."""
    parts = [f"production parity: {report.level}"]
    if report.production is not None:
        parts.append(f"profile {age(report.production, now)}")
    return " · ".join(parts)


def lines(report: Report, *, width: int, verbose: bool, path: str) -> Iterator[Line]:
    """The section below its separator. `width` is the terminal's, `path` the report file's, as people type it."""
    yield from _flow([(part, "muted") for part in head(report)], width)
    for note in report.notes:
        yield from (plain(part, "bad") for part in textwrap.wrap(f"note: {note}", width, subsequent_indent="      "))
    yield from _isolation(report, width, verbose=verbose)
    shown: str | None = None
    for finding, tests in grouped(report.tests):
        if tests[0] != shown:
            shown = tests[0]
            yield plain()
            yield plain(clean(shown), "title")
        yield from _finding(finding, tests, width=width, verbose=verbose)
    if verbose:
        yield from _scenarios(report, width)
        yield from _races(report, width)
        yield from _quiet(report, width)
    yield plain()
    yield from _flow(_summary(report), width)
    yield plain(f"report: {path}", "muted")


def head(report: Report) -> list[str]:
    """What production is, what the tests ran on, the seed."""
    parts = []
    known = report.production
    if known is None:
        parts.append("no profile: statements are not judged by production's plans")
    else:
        parts.append(f"PostgreSQL {version(known.version)}, {count(known.tables, 'table')}, {amount(known.size)}")
        if known.origin != "captured":
            parts[0] += f" ({known.origin}, not captured)"
    parts.append(f"run on {report.server}" if report.server else "no database was needed")
    if report.isolation:
        parts.append(f"isolation: {report.isolation}")
    parts.append(f"seed {report.seed}")
    return parts


def _isolation(report: Report, width: int, *, verbose: bool) -> Iterator[Line]:
    """What tests cost a fresh copy of the database, and what they left under way."""
    for label, told in (("a fresh copy", report.copies), ("left under way and ended", report.leaks)):
        by_reason: dict[str, list[str]] = {}
        for test, reason in told:
            by_reason.setdefault(reason, []).append(test)
        reasons = list(by_reason.items())
        for reason, tests in reasons if verbose else reasons[:MOST]:
            text = f"{clean(reason)}: {clean(tests[0])}{_more(tests[1:])}"
            yield from (
                plain(part, "muted") for part in textwrap.wrap(f"{label}: {text}", width, subsequent_indent="  ")
            )
        if len(reasons) > MOST and not verbose:
            yield plain(f"{label}: {sum(len(tests) for _, tests in reasons[MOST:])} more (-v)", "muted")


def failure(findings: tuple[Finding, ...], *, width: int) -> str:
    """What stands in place of a traceback under a test that failed by its findings."""
    out = [f"This test passes here and fails in production: {count(len(findings), 'finding')}."]
    for finding in findings:
        out.extend(line.text for line in _heading(finding, width))
        out.extend(line.text for line in _trace(finding))
        out.extend(line.text for line in _remedy(finding, width))
    return "\n".join(out)


def _finding(finding: Finding, tests: list[str], *, width: int, verbose: bool) -> Iterator[Line]:
    yield from _heading(finding, width)
    yield from _evidence(finding, width=width, verbose=verbose)
    yield from _remedy(finding, width)
    if len(tests) > 1:
        yield from _wrapped("also in: ", ", ".join(clean(test) for test in tests[1:4]) + _more(tests[4:]), width)
    if finding.replay:
        yield plain(f"    replay: {clean(finding.replay)}", "muted")


def _heading(finding: Finding, width: int) -> Iterator[Line]:
    where = clean(str(finding.source)) if finding.source else ""
    name, text = f"  {finding.rule}", f"   {clean(finding.title)}"
    gap = width - len(name) - len(text) - len(where)
    if gap >= 2:
        yield Line(((name, "rule"), (text, "bad"), (" " * gap + where, "muted")))
    else:
        yield Line(((name, "rule"), (text, "bad")))
        if where:
            yield plain(f"    at {where}", "muted")


def _evidence(finding: Finding, *, width: int, verbose: bool) -> Iterator[Line]:
    if finding.statement:
        statement = clean(finding.statement)
        for part in textwrap.wrap(statement, width - 4) if verbose else [shorten(statement, width - 4)]:
            yield plain(f"    {part}")
    if finding.production:
        yield from _wrapped("production: ", clean(finding.production), width)
    yield from _trace(finding)
    if verbose:
        for step in finding.plan:
            yield plain(f"    | {clean(step, keep_indent=True)}", "muted")
        for key, value in finding.details.items():
            if isinstance(value, str) and "\n" in value:
                yield plain(f"    {key}:", "muted")
                yield from (
                    plain(f"      {clean(part, keep_indent=True)}", "muted")
                    for part in value.expandtabs(1).splitlines()
                )
                continue
            yield from _wrapped(f"{key.replace('_', ' ')}: ", clean(_told(value)), width)


def _trace(finding: Finding) -> Iterator[Line]:
    yield from (plain(f"    {clean(part, keep_indent=True)}") for part in finding.trace)


def _told(value: object) -> str:
    """A value of a finding's details, as people write it."""
    if isinstance(value, dict):
        return "; ".join(f"{key} {_told(each)}" for key, each in value.items() if each is not None)
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value)) or "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _remedy(finding: Finding, width: int) -> Iterator[Line]:
    remedy = finding.remedy
    if remedy is None:
        return
    if remedy.sql:
        yield Line((("    fix: ", ""), (clean(remedy.sql), "good")))
        # A proof says what the statement does; without one the text does.
        yield from _wrapped("         ", clean(remedy.proof or remedy.text), width)
    else:
        yield from _wrapped("fix: ", clean(remedy.text), width)


def _wrapped(label: str, text: str, width: int) -> Iterator[Line]:
    indent = " " * 4 if label.strip() else ""
    wrapped = textwrap.wrap(
        text,
        max(40, width),
        initial_indent=indent + label,
        subsequent_indent=" " * (len(indent) + len(label)),
        break_on_hyphens=False,
        break_long_words=False,
    )
    yield from (plain(part) for part in wrapped)


def _quiet(report: Report, width: int) -> Iterator[Line]:
    """With -v: what was allowed, and what could not be told, each with its reason."""
    allowed = [finding for test in report.tests for finding in test.judgement.allowed]
    if allowed:
        yield plain()
        yield plain("allowed by the marker:", "muted")
        for finding in allowed:
            yield plain(f"  {finding.rule}:{clean(finding.subject)}   {clean(finding.title)}", "muted")
    reasons: dict[tuple[str, str], int] = {}
    for test in report.tests:
        for untold in test.judgement.untold:
            key = (untold.reason, untold.statement)
            reasons[key] = reasons.get(key, 0) + 1
    if reasons:
        yield plain()
        yield plain("cannot tell:", "muted")
        for (reason, statement), times in reasons.items():
            often = f" ({times} times)" if times > 1 else ""
            yield plain(f"  {shorten(clean(reason), width - 12)}{often}", "muted")
            yield plain(f"    {shorten(clean(statement), width - 4)}", "muted")


def _scenarios(report: Report, width: int) -> Iterator[Line]:
    """With -v: what each test was put through, and what it made of it."""
    for test in report.tests:
        if not test.scenarios:
            continue
        yield plain()
        yield plain(f"faults: {clean(test.id)}", "muted")
        for one in test.scenarios:
            text = f"  {one.seconds * 1000:6.0f} ms  {one.token:<20}  {clean(one.outcome)} · {clean(one.fault)}"
            yield plain(shorten(text, width), "muted")


def _races(report: Report, width: int) -> Iterator[Line]:
    """With -v: how far each call of `parity_race` has looked."""
    for test in report.tests:
        for race in test.races:
            far = "every order that can matter" if race.exhausted else race.why
            yield plain()
            yield plain(f"race: {clean(test.id)}", "muted")
            text = f"  {race.seconds * 1000:6.0f} ms  {race.verdict}, {count(race.schedules, 'order')} run"
            yield plain(shorten(f"{text}: {clean(far)}" if far else text, width), "muted")


def _summary(report: Report) -> list[tuple[str, str]]:
    numbers = report.summary
    tests = count(numbers["tests"], "test")
    found = f"{count(numbers['findings'], 'finding')} in {numbers['tests_with_findings']} of {tests}"
    judged = f"{count(numbers['statements'], 'statement')} judged"
    if numbers["cannot_tell"]:
        judged += f", {numbers['cannot_tell']:,} cannot tell (-v says why)"
    if numbers["allowed"]:
        judged += f", {numbers['allowed']:,} allowed"
    parts = [(found, "bad" if numbers["findings"] else "good"), (judged, "")]
    if numbers["scenarios"] or numbers["left_out"]:
        seconds = sum(one.seconds for test in report.tests for one in test.scenarios)
        left = f", {numbers['left_out']:,} left out" if numbers["left_out"] else ""
        parts.append((f"{count(numbers['scenarios'], 'scenario')}, {seconds:.1f} s{left}", ""))
    if numbers["races"]:
        parts.append((f"{count(numbers['races'], 'race')}, {count(numbers['schedules'], 'order')}", ""))
    parts.append((f"{report.seconds:.1f} s", ""))
    if report.interrupted:
        parts.append(("interrupted", "bad"))
    return parts


def _flow(parts: list[tuple[str, str]], width: int) -> Iterator[Line]:
    """Parts joined by dots, on as many lines as they need."""
    segments: list[tuple[str, str]] = []
    for text, style in parts:
        if segments and sum(len(part) for part, _ in segments) + 3 + len(text) > width:
            yield Line(tuple(segments))
            segments = []
        segments += [(" · ", "muted"), (text, style)] if segments else [(text, style)]
    yield Line(tuple(segments))


def _more(rest: list[str]) -> str:
    return f" and {len(rest)} more" if rest else ""


def count(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def amount(size: float) -> str:
    """Bytes as people say them: `1.9 TB`. In powers of 1024, as PostgreSQL's own `pg_size_pretty`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"


def version(number: int) -> str:
    """`16.4` from `server_version_num`."""
    return f"{number // 10000}.{number % 10000}"


def age(production: Production, now: datetime) -> str:
    """How old the profile is: `3 days old`."""
    try:
        captured = datetime.fromisoformat(production.captured_at)
    except ValueError:
        return "of unknown age"
    if captured.tzinfo is None:
        captured = captured.replace(tzinfo=UTC)
    hours = (now - captured).total_seconds() / 3600
    if hours < 1:
        return "less than an hour old"
    return f"{count(int(hours), 'hour')} old" if hours < 48 else f"{count(int(hours / 24), 'day')} old"


def shorten(statement: str, width: int) -> str:
    """One line: a long select list becomes `…`, and what is still too long is cut in the middle."""
    if len(statement) > width:
        statement = re.sub(r"(?is)^(\s*SELECT\s)(?:(?!\bFROM\b).)+(\bFROM\b)", r"\1… \2", statement, count=1)
    if len(statement) > width:
        half = (width - 3) // 2
        statement = f"{statement[: width - 3 - half]} … {statement[-half:]}"
    return statement


def clean(text: str, *, keep_indent: bool = False) -> str:
    """One line without control characters: nothing that a statement holds may steer the terminal."""
    if not keep_indent:
        text = " ".join(text.split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def whole(finding: Finding, tests: list[str], *, width: int, verbose: bool) -> Iterator[Line]:
    """One finding below the name of the first of its tests, as in the section."""
    yield plain(clean(tests[0]), "title")
    yield from _finding(finding, tests, width=width, verbose=verbose)
