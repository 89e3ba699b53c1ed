"""Collects what marked tests came to, in this process or from xdist's workers, and shows it once."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from .core.errors import ProdparityError
from .fixtures import settings_of
from .gate.render import terminal
from .gate.report import Report, summarise, write
from .gate.revision import revision


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

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        facts = getattr(report, "prodparity", None)
        if facts is not None and not self._worker:
            if report.when == "teardown":
                # It says all that was said after the call, and more.
                said = next(one for one in reversed(self._facts) if one["test"]["id"] == facts["test"]["id"])
                self._facts[self._facts.index(said)] = facts
            else:
                self._facts.append(facts)
        isolation = getattr(report, "prodparity_isolation", None)
        if isolation is not None and not self._worker:
            self._isolation.append(isolation)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if not self._facts:
            return
        settings = settings_of(self._config)
        self._report = summarise(
            self._facts,
            isolation=self._isolation,
            level=str(settings.level),
            seed=settings.seed,
            started=datetime.fromtimestamp(self._started, UTC),
            interrupted=exitstatus == pytest.ExitCode.INTERRUPTED,
            commit=revision(settings.root),
        )
        if settings.replay is not None and not any(test.scenarios for test in self._report.tests):
            note = f"no test sent the trip of --parity-replay={settings.replay}, or it has another name now"
            self._report = replace(self._report, notes=(*self._report.notes, note))
        try:
            write(settings.root / settings.report, self._report)
        except ProdparityError as error:
            self._unwritten = str(error)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._report is None:
            return
        now = datetime.now(UTC)
        width = terminalreporter._tw.fullwidth  # noqa: SLF001  # pytest has no public name for it
        terminalreporter.section(terminal.title(self._report, now), sep="=", bold=True)
        verbose = self._config.get_verbosity() > 0
        path = self._unwritten or str(settings_of(self._config).report)
        for line in terminal.lines(self._report, width=min(width, 120), verbose=verbose, path=path):
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
