"""What tests were put through: faults by trip and kind, races, loads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...evidence import Tried
from ...report import LoadReport, ScenarioReport
from ..plot import picture
from ..terminal import clean, count
from .markup import Html, hidden, scrolling, short, tag, together

LONG = 200
MARKS = {"got over it": ("ok", "✓"), "failed cleanly": ("clean", "○"), "cannot tell": ("untold", "?")}
LEGEND = (
    ("ok", "✓", "the test passes under the fault"),
    ("clean", "○", "it fails with an error, and leaves nothing half done"),
    ("bad", "rule", "a finding"),
    ("untold", "?", "cannot tell"),
    ("", "·", "not tried: it does not fit, or there was no time"),
)
Links = Mapping[tuple[str, str], str]
"""By test and rule, the fingerprint of a finding on the page."""


@dataclass(frozen=True, slots=True)
class _Call:
    at: float
    latency: float
    error: str | None


def sweeps(tried: Iterable[Tried], links: Links) -> Iterator[Html]:
    """A matrix for each test: its trips downwards, the kinds of faults across. Those with findings come first."""
    swept = [each for each in tried if each.scenarios]
    yield from (_sweep(each, links) for each in sorted(swept, key=lambda each: -_rank(each)))


def legend() -> Html:
    """What the marks mean."""
    return tag("p", *(tag("span", tag("b", mark, class_=kind or None), f" {text} ") for kind, mark, text in LEGEND), class_="legend")  # fmt: skip


def _rank(tried: Tried) -> int:
    return max({"bad": 2, "untold": 1}.get(_mark(one.outcome)[0], 0) for one in tried.scenarios)


def _sweep(tried: Tried, links: Links) -> Html:
    kinds = list(dict.fromkeys(_kind(one) for one in tried.scenarios))
    rows: dict[tuple[int, str], dict[str, ScenarioReport]] = {}
    for one in tried.scenarios:
        rows.setdefault((one.trip, _trip(one)), {})[_kind(one)] = one
    head = tag("tr", tag("th", "trip", scope="col"), *(tag("th", tag("span", kind), scope="col") for kind in kinds))
    body = [
        tag("tr", _named(key[0], next(iter(cells.values()))), *(_cell(cells.get(kind), tried.test, links) for kind in kinds))
        for key, cells in sorted(rows.items())
    ]  # fmt: skip
    bad = sum(_mark(one.outcome)[0] == "bad" for one in tried.scenarios)
    left = f", {tried.left_out:,} left out" if tried.left_out else ""
    told = f"{count(len(tried.scenarios), 'fault')} at {tried.level}, {bad:,} with a finding{left}"
    table = tag("table", tag("thead", head), tag("tbody", *body), class_="matrix")
    summary = tag("summary", tag("h3", tag("code", short(tried.test, LONG))), tag("span", told, class_="at"))
    return tag("details", summary, scrolling(table, "faults by trip and kind"), open=bad > 0)


def _kind(one: ScenarioReport) -> str:
    """`reply-lost`, `reply-lost (window)`."""
    _, _, kind = one.token.partition(":")
    name, _, shape = kind.partition(":")
    return short(f"{name} ({shape})" if shape else name or one.fault, LONG)


def _trip(one: ScenarioReport) -> str:
    return one.token.partition(":")[0]


def _named(number: int, one: ScenarioReport) -> Html:
    where = tag("small", short(one.source, LONG)) if one.source else None
    what = one.what or (one.fault if not number else "")
    return tag("th", f"{number} " if number else None, tag("code", short(what or "trip", 60)), where, scope="row")


def _cell(one: ScenarioReport | None, test: str, links: Links) -> Html:
    if one is None:
        return tag("td", tag("span", "·", aria_hidden="true"), hidden("not tried"))
    kind, mark = _mark(one.outcome)
    told = short(one.outcome, LONG)
    title = short(f"{one.fault}: {one.outcome}, {one.seconds * 1000:,.0f} ms", 2 * LONG)
    fingerprint = links.get((test, one.outcome))
    if kind == "bad" and fingerprint:
        return tag("td", tag("a", told, href=f"#f-{fingerprint}"), class_=kind, title=title)
    shown = told if kind == "bad" else together([tag("span", mark, aria_hidden="true"), hidden(told)])
    return tag("td", shown, class_=kind, title=title)


def _mark(outcome: str) -> tuple[str, str]:
    return next((mark for begin, mark in MARKS.items() if outcome.startswith(begin)), ("bad", ""))


def races(tried: Iterable[Tried]) -> Html | None:
    """A row for each call of `parity_race`."""
    rows = [
        tag(
            "tr",
            tag("th", tag("code", short(each.test, LONG)), tag("small", short(race.source, LONG)) if race.source else None, scope="row"),
            tag("td", race.verdict, class_={"found": "bad", "clean": "ok"}.get(race.verdict, "untold")),
            tag("td", f"{race.schedules:,}"),
            tag("td", "every order that can matter" if race.exhausted else short(race.why, LONG)),
            tag("td", f"{race.seconds:.1f} s"),
        )
        for each in tried
        for race in each.races
    ]  # fmt: skip
    if not rows:
        return None
    head = tag("tr", *(tag("th", name, scope="col") for name in ("test", "verdict", "orders", "how far", "took")))
    return scrolling(tag("table", tag("thead", head), tag("tbody", *rows), class_="races"), "races")


def loads(tried: Iterable[Tried]) -> Iterator[Html]:
    """Figures and a picture for each call of `parity_stress`."""
    yield from (_load(each, load) for each in tried for load in each.loads)


def _load(tried: Tried, load: LoadReport) -> Html:
    how = f"{load.rate:g} calls a second due" if load.rate is not None else "each calls again when it is done"
    about = f"{count(load.actors, 'actor')} ({how}), {load.seconds:g} s: {load.calls:,} calls, {load.throughput:,.1f} a second"
    head = tag("h3", tag("code", short(tried.test, LONG)), " ", tag("small", short(load.source, LONG)) if load.source else None)  # fmt: skip
    figures = [tag("div", tag("dt", name), tag("dd", lasting(value))) for name, value in load.latency.items()]
    figures += [tag("div", tag("dt", short(name, LONG)), tag("dd", f"{number:,}")) for name, number in load.errors.items()]  # fmt: skip
    figures += [tag("div", tag("dt", name), tag("dd", f"{number:,}"))
                for name, number in (("had to be ended", load.hung), ("never began", load.unstarted)) if number]  # fmt: skip
    parts = [head, tag("p", about), tag("dl", *figures), tag("p", load.measured, class_="muted")]
    if load.points:
        calls = [_Call(max(0.0, at), max(0.0, took), error) for at, took, error in load.points]
        parts.append(
            Html(picture(calls, seconds=max(load.seconds, 0.001), about=clean(f"latencies over time: {about}")))
        )
    parts += [tag("p", note) for note in load.notes]
    return tag("section", *parts, class_="load")


def lasting(seconds: float) -> str:
    """`4.2 ms`, `1.3 s`."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"
