"""`parity_http` in one test: which cassette it has, and what was found on its replay."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .core.errors import UsageError
from .core.findings import Finding, Judgement, Remedy, Source, Untold
from .core.levels import Level
from .queries.judge import is_allowed
from .recordings.exchange import Exchange, Verdict
from .recordings.network import Escape, Guard
from .wire.source import Line, Lines

if TYPE_CHECKING:
    from .core.expectation import Expectation
    from .recordings.cassette import Judge
    from .recordings.flow import Flow, Heard, Hooks
    from .recordings.store import Tape
    from .session import Session

GUARD: pytest.StashKey[Guard] = pytest.StashKey()
FLOW: pytest.StashKey[Flow] = pytest.StashKey()
PASSED: pytest.StashKey[bool] = pytest.StashKey()
"""Did the call come to a good end? Its recording is worth a file then."""

FOREIGN_PLUGINS = ("recording", "pytest_recording", "pytest_recording.plugin", "vcr", "pytest_vcr")
_DAY = 86_400.0


class ParityHttp:
    """The recorded flow of one test."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    @property
    def cassette(self) -> Path:
        """The file."""
        return self._flow.path

    @property
    def recording(self) -> bool:
        """Do requests go to the service, and into the cassette?"""
        return self._flow.records

    @property
    def played(self) -> int:
        """Requests answered from the cassette so far."""
        return self._flow.played

    @property
    def clock(self) -> Any:
        """The recorded service's clock: `.advance(seconds)`, `.skew(seconds)`, `.now()`."""
        return self._of("clock")

    def expire(self, what: str | None = None) -> None:
        """From here on the credential of that name, or every one, has expired."""
        self._of("expire")(what)

    def revoke(self, what: str | None = None) -> None:
        """From here on the credential of that name, or every one, is revoked."""
        self._of("revoke")(what)

    def answer(self, status: int, *, retry_after: float | None = None, times: int = 1) -> None:
        """The next request, or the next `times` of them, gets this status."""
        self._of("answer")(status, retry_after=retry_after, times=times)

    def _of(self, name: str) -> Any:
        if self._flow.records:
            raise UsageError(
                f"parity_http.{name} is for replay, and this run records.",
                fix=f"guard it: if not parity_http.recording: parity_http.{name}…",
            )
        if self._flow.tape is None:
            raise UsageError(
                f"parity_http.{name}: there is no cassette {self._flow.path}.", fix="record it: --parity-record=once"
            )
        return getattr(self._flow.judge, name)

    def __repr__(self) -> str:
        return f"<ParityHttp {'recording' if self.recording else 'playing'} {self.cassette}>"


def play(tape: Tape) -> Judge:
    """Who rules about the requests of a recording."""
    from .recordings.clock import Clock
    from .recordings.ledger import Ledger

    if tape.foreign:
        from .recordings.foreign import Foreign

        return Foreign(tape.exchanges, clock=Clock(tape.at))
    return Ledger(tape.exchanges, clock=Clock(tape.at), environment=tape.environment)


# --- which cassette


@contextmanager
def flowing(request: pytest.FixtureRequest, session: Session, *, heard: bool) -> Iterator[ParityHttp]:
    """The fixture's inside. `heard`: is this the run that counts?"""
    from .recordings.flow import Flow

    item = request.node
    refuse_company(item)
    said = _said(request, "vcr_config")
    said = said if isinstance(said, dict) else {}
    flow = Flow(
        path=cassette_of(request, said),
        mode=session.settings.record,
        choices=session.choices,
        play=play,
        hooks=_hooks(said),
        asked=_declare(item),
        source=_sources(session.settings.root),
        note=session.note,
        test=item.nodeid,
    )
    item.stash[FLOW] = flow
    with flow.open():
        yield ParityHttp(flow)
        if heard and item.stash.get(PASSED, False):
            flow.keep()


def refuse_company(item: pytest.Item) -> None:
    """pytest-recording and pytest-vcr would put a cassette of their own in."""
    manager = item.config.pluginmanager
    active = next((name for name in FOREIGN_PLUGINS if manager.has_plugin(name)), None)
    marked = item.get_closest_marker("vcr") or item.get_closest_marker("default_cassette")
    used = "vcr" in getattr(item, "fixturenames", ()) or "vcr_cassette" in getattr(item, "fixturenames", ())
    if active is not None and (marked is not None or used):
        raise UsageError(
            "parity_http and @pytest.mark.vcr are both active for this test; one of them can answer its requests.",
            fix="take the marker vcr away: parity_http plays the same cassette",
        )


def _said(request: pytest.FixtureRequest, name: str) -> Any:
    """What a fixture of that name gives; None where there is none."""
    try:
        return request.getfixturevalue(name)
    except pytest.FixtureLookupError:
        return None


def cassette_of(request: pytest.FixtureRequest, said: dict[str, Any]) -> Path:
    """Where pytest-recording has it: `cassettes/<module>/<test>.yaml` beside the test, or as `vcr_config` says."""
    item = request.node
    folder = said.get("cassette_library_dir") or _said(request, "vcr_cassette_dir") or folder_of(item)
    name = _said(request, "default_cassette_name") or name_of(item)
    path = Path(str(folder)) / str(name)
    return path if path.suffix in (".yaml", ".yml", ".json") else path.with_name(f"{path.name}.yaml")


def folder_of(item: pytest.Item) -> Path:
    """The folder of its module's cassettes."""
    return item.path.parent / "cassettes" / item.path.stem


def name_of(item: pytest.Item) -> str:
    """Of the test, without what no file name may hold."""
    owner = getattr(item, "cls", None)
    name = f"{owner.__name__}.{item.name}" if owner is not None else item.name
    return "".join("-" if letter in "<>?%*:|\"'/\\" else letter for letter in name)


def _hooks(said: dict[str, Any]) -> Hooks:
    """What decides which requests are recorded holds; what takes secrets out does not: they are linked, and replaced later."""
    from .recordings.flow import Hooks

    if not said:
        return Hooks()
    from vcr.config import VCR

    kept = {
        key: said[key]
        for key in (
            "before_record_request",
            "before_record",
            "before_record_response",
            "ignore_hosts",
            "ignore_localhost",
        )
        if key in said
    }
    config = VCR().get_merged_config(path="x", **kept)
    asks = any(key in kept for key in ("before_record_request", "before_record", "ignore_hosts", "ignore_localhost"))
    return Hooks(
        before_request=config["before_record_request"] if asks else None,
        before_response=config["before_record_response"] if "before_record_response" in kept else None,
        skip=tuple(said.get("skip_patchers", ())),
        custom=tuple(said.get("custom_patches", ())),
    )


def _declare(item: pytest.Item) -> Callable[[str], None]:
    def declare(host: str) -> None:
        if GUARD in item.stash:
            item.stash[GUARD].declare(host)

    return declare


def _sources(root: Path) -> Callable[[], Source | None]:
    import sys

    known = Lines(root)

    def source() -> Source | None:
        lines: list[Line] = []
        known.of_thread(sys._getframe(1), lines)  # noqa: SLF001  # the public way copies every frame
        return lines[0][0] if lines else None

    return source


# --- what was found


@contextmanager
def guarded(item: pytest.Item, session: Session) -> Iterator[None]:
    """Undeclared connections within the block are refused, and remembered."""
    if session.settings.level == Level.OFF:
        yield
        return
    guard = item.stash[GUARD] = Guard(session.settings.root, session.declared)
    flow = item.stash.get(FLOW, None)
    if flow is not None and flow.records:
        from urllib.request import getproxies

        for url in getproxies().values():
            guard.declare(url.rpartition("@")[2].rpartition("//")[2].partition(":")[0])
    with guard.standing():
        yield


def judged(
    item: pytest.Item, session: Session, expectation: Expectation, before: Judgement, *, whole: bool
) -> Judgement:
    """With what the test's recording and its connections came to. `whole`: the call came to a good end."""
    guard = item.stash.get(GUARD, None)
    flow = item.stash.get(FLOW, None)
    if session.settings.level == Level.OFF or (guard is None and flow is None):
        return before
    found = [_escaped(one) for one in (guard.escapes if guard is not None else ())]
    untold: list[Untold] = []
    if flow is not None and not flow.records:
        found += [*_ruled(flow, untold), *_deprecated(flow, session)]
        if flow.tape is not None:
            found += [*(_unplayed(flow, untold) if whole else ()), *_aged(flow, untold)]
    replay = f"pytest {shlex.quote(item.nodeid)} --parity-level={session.settings.level}"
    complete = [replace(one, test=item.nodeid, replay=replay) for one in _once(found)]
    allowed = tuple(one for one in complete if is_allowed(one, expectation.allow))
    return replace(
        before,
        findings=(*before.findings, *(one for one in complete if one not in allowed)),
        allowed=(*before.allowed, *allowed),
        untold=(*before.untold, *(replace(one, test=item.nodeid) for one in untold)),
    )


def _once(found: list[Finding]) -> list[Finding]:
    first: dict[tuple[str, str, str], Finding] = {}
    for one in found:
        first.setdefault((one.rule, one.subject, str(one.source)), one)
    return list(first.values())


def _escaped(one: Escape) -> Finding:
    return Finding(
        rule="network-escape",
        title=f"connects to {one.where}, which nobody declared",
        subject=one.host,
        source=one.source,
        remedy=Remedy(text=f'record it with parity_http, or name it in [tool.prodparity.http]: hosts = ["{one.host}"]'),
    )


def _ruled(flow: Flow, untold: list[Untold]) -> list[Finding]:
    """One finding for each accusation that stands, and for each request without an answer."""
    found = []
    standing = getattr(flow.judge, "accusations", None)
    for one in flow.heard:
        ruling = one.ruling
        if ruling.accusation is not None and (standing is None or ruling.accusation in standing):
            found.append(_accused(flow, one))
        elif ruling.response is None:
            found.append(_missing(flow, one))
        elif ruling.verdict is Verdict.NOT_COVERED:
            untold.append(Untold(statement=one.what, reason=f"not-covered: {ruling.why}", source=one.source))
    accused = {(one.rule, one.subject) for one in found}
    found.extend(
        Finding(rule=one.rule, title=one.title, subject=one.subject, details=dict(one.evidence))
        for one in standing or ()
        if (one.rule, one.subject) not in accused
    )
    return found


def _accused(flow: Flow, one: Heard) -> Finding:
    accusation = one.ruling.accusation
    assert accusation is not None
    answer = one.ruling.response
    said = "" if answer is None else f"{'made' if one.ruling.made else 'recorded'} answer {answer.status}"
    return Finding(
        rule=accusation.rule,
        title=accusation.title,
        subject=accusation.subject,
        source=one.source,
        statement=one.what,
        production=": ".join(filter(None, (said, one.ruling.why))) or None,
        details={**accusation.evidence, "cassette": str(flow.path.name)},
    )


def _deprecated(flow: Flow, session: Session) -> Iterator[Finding]:
    """Calls that were answered, and whose vendor has announced their end."""
    from .recordings.drift import deprecated

    for one in flow.heard:
        if one.request is None or one.ruling.response is None:
            continue
        accusation = deprecated(one.request, one.ruling.response, specs=session.specifications)
        if accusation is not None:
            successor = accusation.evidence.get("successor")
            yield Finding(
                rule=accusation.rule,
                title=accusation.title,
                subject=accusation.subject,
                source=one.source,
                statement=one.what,
                production=accusation.evidence.get("source"),
                remedy=Remedy(text=f"call {successor} instead") if successor else None,
                details={**accusation.evidence, "cassette": flow.path.name},
            )


def _missing(flow: Flow, one: Heard) -> Finding:
    method, _, url = one.what.partition(" ")
    where = url.partition("://")[2]
    why = f": {one.ruling.why}" if one.ruling.why else ""
    return Finding(
        rule="not-covered",
        title=f"{one.what} is not in the recording{why}",
        subject=f"{method} {where}",
        source=one.source,
        statement=one.what,
        remedy=_again(flow),
    )


def _again(flow: Flow) -> Remedy:
    return Remedy(text=f"record it again: pytest {shlex.quote(flow.test)} --parity-record=all")


def _unplayed(flow: Flow, untold: list[Untold]) -> list[Finding]:
    left: tuple[Exchange, ...] = getattr(flow.judge, "unplayed", ())
    assert flow.tape is not None
    if not left:
        return []
    names = list(dict.fromkeys(_what(one) for one in left))
    if flow.tape.foreign:
        untold += [Untold(statement=name, reason="not-covered: recorded, and not asked for") for name in names]
        return []
    more = f" and {len(left) - 1} more" if len(left) > 1 else ""
    return [
        Finding(
            rule="not-covered",
            title=f"{len(left)} of {len(flow.tape.exchanges)} recorded requests were not made: {names[0]}{more}",
            subject="unplayed",
            details={"requests": names},
            remedy=_again(flow),
        )
    ]


def _what(one: Exchange) -> str:
    from .recordings.cassette import named

    return named(one.request.method, one.request.url)


def _aged(flow: Flow, untold: list[Untold]) -> list[Finding]:
    assert flow.tape is not None
    most, at = flow.choices.max_age, flow.tape.at
    if at is None:
        if most is not None:
            reason = "not-covered: the cassette does not say when it was recorded"
            untold.append(Untold(statement=flow.path.name, reason=reason))
        return []
    age = time.time() - at
    if age < -_DAY:
        reason = f"not-covered: recorded {-age / _DAY:.0f} days from now; one of the two clocks is wrong"
        untold.append(Untold(statement=flow.path.name, reason=reason))
    if most is None or age <= most:
        return []
    return [
        Finding(
            rule="not-covered",
            title=f"the recording is {age / _DAY:.0f} days old; max_age is {most / _DAY:g} days",
            subject="age",
            remedy=_again(flow),
        )
    ]


def orphans(items: Iterable[pytest.Item], note: Callable[[str], None]) -> None:
    """Note cassettes whose test is gone, in the folders of modules that were collected whole."""
    wanted: dict[Path, set[str]] = {}
    for item in items:
        if "parity_http" in getattr(item, "fixturenames", ()):
            wanted.setdefault(folder_of(item), set()).add(name_of(item))
    for folder, names in wanted.items():
        for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
            if path.stem not in names:
                note(f"not-covered: {path.parent.name}/{path.name} is the cassette of no test any more")
