"""From markers to expectations, and from a watched call to its outcome. Imported once a run has marked tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from . import recorded
from .core.errors import ParityFailure, UsageError
from .core.expectation import Expectation
from .core.globs import matcher
from .fixtures import (
    ACCUSE,
    EXPECTATION,
    JUDGED,
    LATER,
    RACED,
    REHEARSAL,
    SWEEP,
    ParityDatabase,
    begin,
    session_of,
    settings_of,
)
from .gate.report import TestReport
from .queries.leaks import Left
from .watch import Watch

LEFT = pytest.StashKey[bool]()
"""Was something found at its end?"""


def expect(config: pytest.Config, items: Sequence[pytest.Item]) -> bool:
    """Give each marked test its expectation; True where there is any. All wrong markers are one usage error."""
    settings = settings_of(config)
    everywhere = matcher(settings.mark)
    wrong: dict[str, None] = {}
    made = []
    for item in items:
        markers = list(item.iter_markers("prodparity"))
        if not markers and not everywhere(_relative(item, config)):
            continue
        expectation = Expectation()
        try:
            for marker in reversed(markers):
                expectation = Expectation.from_marker(marker.args, marker.kwargs).over(expectation)
        except UsageError as error:
            wrong[f"{item.nodeid}: {error}"] = None
        item.stash[EXPECTATION] = expectation
        made.append(expectation)
    if made:
        if not (config.option.keyword or config.option.markexpr) and not any("::" in each for each in config.args):
            recorded.orphans(items, session_of(config).note)
        try:
            session_of(config).check(made)
        except UsageError as error:
            wrong[str(error)] = None
    if wrong:
        raise pytest.UsageError("\n".join(f"prodparity: {message}" for message in wrong))
    return bool(made)


def _relative(item: pytest.Item, config: pytest.Config) -> str:
    path = item.path
    return (path.relative_to(config.rootpath) if path.is_relative_to(config.rootpath) else path).as_posix()


@contextmanager
def watched(item: pytest.Item) -> Iterator[None]:
    """Record the call's trips and judge them; raises ParityFailure where the call passed and production would fail."""
    session = session_of(item.config)
    begin(item)  # a test without fixtures of its own has not begun yet
    sweep = item.stash.get(SWEEP, None)
    if sweep is not None and sweep.run is not None:
        with sweep.run.watching():
            yield
        return
    rehearsal = item.stash.get(REHEARSAL, None)
    watch = Watch(session, item.nodeid, item.stash[EXPECTATION], rehearsal)
    watch.later = item.stash.get(LATER, False)
    watch.shares = any(_is_session(value) for value in getattr(item, "funcargs", {}).values())
    if rehearsal is not None and rehearsal.under_way:
        try:
            yield
        finally:
            rehearsal.trips = watch.stop()
        return
    try:
        yield
    except (KeyboardInterrupt, pytest.exit.Exception):
        watch.stop()
        raise
    except BaseException:
        # The test's own failure keeps its traceback; what was found is recorded beside it.
        _judge(item, watch, whole=False)
        raise
    if sweep is not None and (rehearsal is None or not rehearsal.under_way):
        trips = watch.stop()
        sweep.count(watch.seconds, trips=len(trips))
    judged = _judge(item, watch)
    if judged.judgement.findings:
        raise ParityFailure(watch.message(judged))


def _judge(item: pytest.Item, watch: Watch, *, whole: bool = True) -> TestReport:
    judged = item.stash[JUDGED] = _connected(item, _raced(item, watch.judge()), whole=whole)
    item.stash[ACCUSE] = lambda left: accuse(item, watch, left)
    item.user_properties += [("prodparity", finding.one_line) for finding in judged.judgement.findings]
    return judged


def _raced(item: pytest.Item, judged: TestReport) -> TestReport:
    """With what the test's own races came to."""
    raced = item.stash.get(RACED, None)
    if raced is None:
        return judged
    found = judged.judgement
    judgement = replace(
        found,
        findings=(*found.findings, *raced.findings),
        allowed=(*found.allowed, *raced.allowed),
        untold=(*found.untold, *raced.untold),
    )
    outcome = "failed" if judgement.findings else judged.outcome
    return replace(judged, judgement=judgement, outcome=outcome, races=tuple(raced.reports))


def _connected(item: pytest.Item, judged: TestReport, *, whole: bool) -> TestReport:
    """With what its recorded requests and its other connections came to."""
    judgement = recorded.judged(item, session_of(item.config), item.stash[EXPECTATION], judged.judgement, whole=whole)
    outcome = "failed" if judgement.findings else judged.outcome
    return replace(judged, judgement=judgement, outcome=outcome)


def accuse(item: pytest.Item, watch: Watch, left: Sequence[Left]) -> None:
    """Judge what a test that passed left under way; raises ParityFailure.

    Of a failed one the traceback keeps everything alive.
    """
    judged = item.stash[JUDGED]
    if judged.outcome != "passed":
        return
    now = watch.accuse(judged, left)
    found = now.judgement.findings
    if now != judged:
        item.stash[JUDGED], item.stash[LEFT] = now, True
        item.user_properties += [("prodparity", finding.one_line) for finding in found]
    if found:
        raise ParityFailure(watch.message(now))


def _is_session(value: object) -> bool:
    """A connection, a session, or something that holds one."""
    if isinstance(value, ParityDatabase):
        return False
    held = vars(value).values() if hasattr(value, "__dict__") else ()
    return any(hasattr(each, "rollback") for each in (value, *held))


def over(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """The test is torn down: what was found at its end takes the place of what was reported after the call."""
    if item.stash.get(LEFT, False):
        annotate(item, call, report)
    keys: tuple[pytest.StashKey[Any], ...] = (ACCUSE, LEFT, RACED, *(() if SWEEP in item.stash else (JUDGED,)))
    for key in keys:
        if key in item.stash:
            del item.stash[key]


def annotate(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Put the test's result on pytest's report: that is how it reaches xdist's controller."""
    by_findings = call.excinfo is not None and call.excinfo.errisinstance(ParityFailure)
    if report.failed and call.excinfo is not None and by_findings:
        report.longrepr = str(call.excinfo.value)
    judged = item.stash.get(JUDGED, None) or TestReport(id=item.nodeid, outcome=report.outcome)
    reason = str(report.longrepr[2]) if report.skipped and isinstance(report.longrepr, tuple) else None
    itself = report.failed and not by_findings
    judged = item.stash[JUDGED] = replace(judged, outcome=report.outcome, reason=reason, failed_itself=itself)
    report.prodparity = session_of(item.config).facts(judged)  # type: ignore[attr-defined]
