"""Collects what marked tests came to, in this process or from xdist's workers, and shows it once."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .core.errors import ProdparityError
from .fixtures import SETTINGS, settings_of
from .gate.render import terminal
from .gate.report import Report, summarise, write
from .gate.revision import revision

if TYPE_CHECKING:
    from .core.settings import Settings
    from .gate.policy import Policy
    from .gate.verdict import Verdict


def collect(config: pytest.Config) -> None:
    """Register the collector, once."""
    if not config.pluginmanager.has_plugin("prodparity-results"):
        config.pluginmanager.register(Results(config), "prodparity-results")


class Results:
    """A pytest plugin of its own, registered once a run has marked tests or workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._worker = hasattr(config, "workerinput")
        self._started = time.time()
        self._facts: list[dict[str, Any]] = []
        self._isolation: list[dict[str, Any]] = []
        self._report: Report | None = None
        self._unwritten: str | None = None
        self._policy = None if self._worker or config.option.collectonly else _policy(config)
        """With --parity-gate."""
        self._verdict: Verdict | None = None
        self._unread: dict[str, list[str]] = {}
        """By worker: declared variables that none of its tests has read."""
        self._failed = False
        """Did a test, marked or not, fail by itself?"""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        facts = getattr(report, "prodparity", None)
        if report.failed and (facts is None or facts["test"]["failed_itself"]):
            self._failed = True
        if facts is not None and not self._worker:
            if report.when == "teardown":
                # It says all that was said after the call, and more.
                said = next(one for one in reversed(self._facts) if one["test"]["id"] == facts["test"]["id"])
                self._facts[self._facts.index(said)] = facts
            else:
                self._facts.append(facts)
        if hasattr(report, "prodparity_unread") and not self._worker:
            worker, names = report.prodparity_unread
            self._unread[worker] = names
        isolation = getattr(report, "prodparity_isolation", None)
        if isolation is not None and not self._worker:
            self._isolation.append(isolation)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        facts = getattr(report, "prodparity", None)
        if facts is not None and not self._worker:
            self._failed = True
            self._facts.append(facts)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._facts:
            self._finish(session, exitstatus)
        if self._policy is not None:
            self._gate(self._policy, session)

    def _finish(self, session: pytest.Session, exitstatus: int) -> None:
        """The report of the run."""
        stopped = bool(session.shouldfail or session.shouldstop)
        settings = settings_of(self._config)
        self._report = summarise(
            self._facts,
            isolation=self._isolation,
            level=str(settings.level),
            seed=settings.seed,
            started=datetime.fromtimestamp(self._started, UTC),
            interrupted=stopped or exitstatus == pytest.ExitCode.INTERRUPTED,
            commit=revision(settings.root),
        )
        if settings.replayed_fault is not None and not any(test.scenarios for test in self._report.tests):
            note = f"no test sent the trip of --parity-replay={settings.replay}, or it has another name now"
            self._report = replace(self._report, notes=(*self._report.notes, note))
        if self._unread and not self._partial:
            from .guarded import unread

            never = unread(self._unread)
            self._report = replace(self._report, notes=(*self._report.notes, *([never] if never else [])))
        try:
            write(settings.root / settings.report, self._report)
        except ProdparityError as error:
            self._unwritten = str(error)

    @property
    def _partial(self) -> bool:
        """Was a part of the tests asked for?"""
        option = self._config.option
        return bool(option.keyword or option.markexpr or any("::" in one for one in self._config.args))

    def _gate(self, policy: Policy, session: pytest.Session) -> None:
        """Let the policy decide the exit status, where it was for tests and findings to decide."""
        from .gate.verdict import decide_run

        settings = settings_of(self._config)
        self._verdict = decide_run(self._report, policy, root=settings.root, today=datetime.now(UTC).date())
        if session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return
        by_findings = not (self._failed or session.shouldfail or session.shouldstop)
        if self._verdict.status:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif by_findings:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        width = min(terminalreporter._tw.fullwidth, 120)  # noqa: SLF001  # pytest has no public name for it
        if self._report is not None:
            self._show(self._report, terminalreporter, width)
        if self._verdict is not None:
            from .gate.render import answer

            for line in answer.lines(self._verdict, width=width, most=0):
                _write(terminalreporter, line)

    def _show(self, report: Report, terminalreporter: pytest.TerminalReporter, width: int) -> None:
        now = datetime.now(UTC)
        terminalreporter.section(terminal.title(report, now), sep="=", bold=True)
        verbose = self._config.get_verbosity() > 0
        path = self._unwritten or str(settings_of(self._config).report)
        for line in terminal.lines(report, width=width, verbose=verbose, path=path):
            _write(terminalreporter, line)
        if report.findings and self._unwritten is None:
            _write(terminalreporter, terminal.plain(f"page: {self._page}", "muted"))

    @property
    def _page(self) -> str:
        """The command that makes the page of this report."""
        report = settings_of(self._config).report
        named = "" if report == Path(".prodparity/report.json") else f" {shlex.quote(str(report))}"
        return f"prodparity report{named} --format html -o report.html"


def _policy(config: pytest.Config) -> Policy | None:
    """Checked before anything runs; raises pytest.UsageError."""
    settings: Settings | None = config.stash.get(SETTINGS, None)
    if settings is None or not settings.gated:
        return None
    from .gate import baseline
    from .gate.policy import Policy

    try:
        policy = Policy.parse(settings.gate)
        if policy.baseline is not None:
            baseline.load(settings.root / policy.baseline)
    except ProdparityError as error:
        raise pytest.UsageError(f"prodparity: {error}") from None
    return policy


def _write(terminalreporter: pytest.TerminalReporter, line: terminal.Line) -> None:
    for text, style in line.segments:
        terminalreporter.write(text, **STYLES[style])
    terminalreporter.line("")


STYLES: dict[str, dict[str, bool]] = {
    "": {},
    "title": {"bold": True},
    "rule": {"bold": True, "yellow": True},
    "muted": {"light": True},
    "good": {"green": True},
    "bad": {"red": True},
}
