"""The runner of swept tests: the run that counts comes first, and is told last."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from _pytest.runner import runtestprotocol

from ..core.findings import Judgement
from ..fixtures import EXPECTATION, JUDGED, SESSION, SWEEP, say, session_of, settings_of
from ..gate.render import terminal
from ..queries.judge import is_allowed
from .again import renew, unheard, why_not
from .sweep import Sweep
from .trial import Budget, Swept


class Sweeper:
    """A pytest plugin of its own, registered where faults are on."""

    def __init__(self, config: pytest.Config) -> None:
        self._budget = Budget(seconds=settings_of(config).dials.faults.run_seconds)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        if not _wanted(item):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._reports(cast("pytest.Function", item), nextitem):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _reports(self, item: pytest.Function, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
        session = session_of(item.config)
        sweep = item.stash[SWEEP] = Sweep(session, item, self._budget, say=lambda line: say(item.config, line))
        try:
            # Wider fixtures stay for the runs that follow.
            with sweep.counted.hearing():
                reports = runtestprotocol(item, log=False, nextitem=cast("pytest.Item", item.parent))
            renew(item)
            if sweep.counted.passed and all(_is_good(report) for report in reports):
                with unheard():
                    swept = sweep.go()
                self._budget.seconds -= sweep.spent
                self._tell(item, reports, swept)
        finally:
            del item.stash[SWEEP]
            if JUDGED in item.stash:
                del item.stash[JUDGED]
        self._end(item, nextitem, reports)
        return reports

    def _tell(self, item: pytest.Function, reports: list[pytest.TestReport], swept: Swept) -> None:
        """Put what was found on the report of the call."""
        judged, allow = item.stash[JUDGED], item.stash[EXPECTATION].allow
        allowed = tuple(found for found in swept.findings if is_allowed(found, allow))
        fresh = tuple(found for found in swept.findings if found not in allowed)
        before = judged.judgement
        judgement = Judgement(
            findings=before.findings + fresh,
            allowed=before.allowed + allowed,
            untold=before.untold + swept.untold,
            statements=before.statements,
        )
        item.stash[JUDGED] = judged = replace(
            judged, judgement=judgement, scenarios=swept.scenarios, left_out=swept.left_out
        )
        call = next(report for report in reports if report.when == "call")
        if judgement.findings:
            call.outcome = "failed"
            call.longrepr = terminal.failure(judgement.findings, width=100)
        added = [("prodparity", found.one_line) for found in fresh]
        item.user_properties += added
        call.user_properties += added
        outcome = "failed" if any(report.failed for report in reports) else call.outcome
        facts = session_of(item.config).facts(replace(judged, outcome=outcome))
        for report in reports:
            if hasattr(report, "prodparity"):
                report.prodparity = facts  # type: ignore[attr-defined]

    def _end(self, item: pytest.Function, nextitem: pytest.Item | None, reports: list[pytest.TestReport]) -> None:
        """Wider fixtures that the next test does not share."""
        state = item.session._setupstate  # noqa: SLF001
        call = pytest.CallInfo.from_call(
            lambda: state.teardown_exact(nextitem), when="teardown", reraise=(KeyboardInterrupt, pytest.exit.Exception)
        )
        if call.excinfo is None:
            return
        report = item.ihook.pytest_runtest_makereport(item=item, call=call)
        last = reports[-1]
        if last.when == "teardown" and last.passed:
            reports[-1] = report
        else:
            reports.append(report)


def _wanted(item: pytest.Item) -> bool:
    expectation = item.stash.get(EXPECTATION, None)
    if expectation is None or expectation.faults == "off" or SESSION not in item.config.stash:
        return False
    settings = settings_of(item.config)
    if expectation.level is not None and expectation.level > settings.level:
        return False
    return bool(settings.dials.faults or settings.replayed_fault) and why_not(item) is None


def _is_good(report: pytest.TestReport) -> bool:
    # A finding does not keep a test from being swept.
    return report.passed or (report.failed and getattr(report, "prodparity", None) is not None)
