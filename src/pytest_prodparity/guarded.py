"""Marked tests run in production's environment: the guard, and pytest's hooks around it. Imported where a manifest exists."""

from __future__ import annotations

import inspect
import os
import re
import shlex
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from .core.errors import ParityFailure, ProdparityError
from .core.expectation import Expectation
from .core.findings import Finding, Judgement, Source
from .core.levels import Level
from .environment.guard import Guard, Read
from .environment.judge import judged as judged_reads
from .environment.judge import note
from .environment.manifest import FILE, load
from .environment.reads import Way
from .environment.versions import differing
from .fixtures import EXPECTATION, GUARD, session_of, settings_of
from .gate.report import TestReport
from .queries.denied import REFUSED, denied
from .queries.judge import is_allowed
from .session import Session
from .wire.source import Line, Lines
from .wire.trip import Trip

NAME = "prodparity-environment"


def stand(config: pytest.Config) -> None:
    """Put the guard up, before anything of the user's is imported; raises pytest.UsageError for a wrong manifest."""
    if GUARD in config.stash or _only_leads(config):
        return
    settings = settings_of(config)
    path = settings.root / settings.profile / FILE
    try:
        guard = Guard(
            manifest=load(path),
            root=settings.root,
            given=tuple(settings.env),
            keep=settings.env_keep,
            tests=tuple(config.getini("python_files")),
        )
    except ProdparityError as error:
        raise pytest.UsageError(f"prodparity: {error}") from None
    config.stash[GUARD] = guard
    guard.stand()
    # Also where pytest ends before it was configured.
    config.add_cleanup(guard.leave)
    config.pluginmanager.register(Guarded(config, guard), NAME)


def _only_leads(config: pytest.Config) -> bool:
    """xdist's controller runs no test, and its workers must find what is outside."""
    said = config.known_args_namespace
    leads = getattr(said, "numprocesses", None) or getattr(said, "tx", None) or getattr(said, "dist", "no") != "no"
    return bool(leads) and "PYTEST_XDIST_WORKER" not in os.environ


class Guarded:
    """A pytest plugin of its own, registered while a guard stands."""

    def __init__(self, config: pytest.Config, guard: Guard) -> None:
        self._config = config
        self._guard = guard
        self._notes = list(guard.surroundings.notes)
        self._compared: list[int | None] = []
        """The servers' versions that were held against production's."""
        self._imported: dict[str, list[Read]] = {}
        """Reads while modules were imported, by the module of tests that was collected; empty: before any."""
        self._told: set[str] = set()
        """Modules whose first marked test was told."""

    # --- before the tests

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        found = self._guard.taken()
        if report.failed:
            self._explain(collector, report, found)
        self._imported.setdefault(collector.nodeid if isinstance(collector, pytest.Module) else "", []).extend(found)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        # Whoever imports the code first may have no marked test: then any is told.
        marked = {_module(item) for item in session.items if EXPECTATION in item.stash}
        for module in [one for one in self._imported if one and one not in marked]:
            self._imported.setdefault("", []).extend(self._imported.pop(module))

    def imported(self, item: pytest.Item, *, failed: bool) -> list[Read]:
        """What was read while the test's module was imported: told once, and to each test that fails."""
        found: list[Read] = []
        for module in ("", _module(item)):
            if failed or module not in self._told:
                found += [read for read in self._imported.get(module, ()) if not (failed and read.harness)]
            self._told.add(module)
        return found

    def _explain(self, collector: pytest.Collector, report: pytest.CollectReport, found: list[Read]) -> None:
        """A module that cannot be imported without what production does not have."""
        text = str(report.longrepr)
        lines = [read.source for read in found] or _shown(text)
        findings = judged_reads(self._guard, found, test=collector.nodeid, failure=text, lines=lines)
        if not findings:
            return
        from .gate.render import terminal

        shown = terminal.failure(tuple(findings), width=100).partition("\n")[2]
        report.sections.append(("prodparity", shown))
        judged = TestReport(
            id=collector.nodeid,
            outcome="failed",
            judgement=Judgement(findings=tuple(findings)),
            failed_itself=True,
        )
        report.prodparity = session_of(self._config).facts(judged)  # type: ignore[attr-defined]

    # --- each test

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if EXPECTATION in item.stash or "parity_env" in getattr(item, "fixturenames", ()):
            self._guard.up()
        else:
            self._guard.down()
        self._guard.taken()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        before = self._guard.surroundings.umask() if self._guard.is_up else None
        try:
            return (yield)
        finally:
            if before is not None:
                os.umask(before)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "teardown" and EXPECTATION in item.stash and not self._guard.all_used:
            worker = getattr(self._config, "workerinput", {}).get("workerid", "")
            report.prodparity_unread = (worker, self._guard.unread(self._guard.used))  # type: ignore[attr-defined]
        return report

    # --- what the reader of the report must know

    def notes(self, session: Session) -> list[str]:
        """What is new since the last call."""
        guard = self._guard
        key = session.server_version
        if key not in self._compared:
            self._compared.append(key)
            production = session.stored.profile.server_version if session.stored is not None else None
            self._notes += differing(guard.manifest.packages, guard.manifest.python, production, key)
        told = [
            *self._notes,
            note(
                guard.meddled,
                f"plugins set variables that production does not have, and marked tests do not see ({FILE})",
            ),
            note(
                guard.unloaded,
                f"a file such as .env would set what production does not have; marked tests do not see ({FILE})",
            ),
        ]
        self._notes = []
        return [one for one in told if one is not None]


def examined(item: pytest.Item, judged: TestReport, failure: BaseException | None) -> TestReport:
    """With what the test read of an environment that production does not have."""
    guard = item.config.stash.get(GUARD, None)
    if guard is None or not guard.is_up or EXPECTATION not in item.stash:
        return judged
    plugin: Guarded | None = item.config.pluginmanager.get_plugin(NAME)
    assert plugin is not None
    session = session_of(item.config)
    text, lines = _told(failure, session.settings.root)
    reads = [*plugin.imported(item, failed=text is not None), *guard.taken()]
    for known in plugin.notes(session):
        session.note(known)
    for read in reads:
        if text is not None and read.way is Way.NEEDED and read.name in guard.manifest.variables and read.name in text:
            session.note(f"production has {read.name}, and the tests have no value for it: [tool.prodparity.env]")
    return _with(item, judged, judged_reads(guard, reads, test=item.nodeid, failure=text, lines=lines))


def refused(item: pytest.Item, judged: TestReport, trips: Sequence[Trip], failure: BaseException | None) -> TestReport:
    """With what production's role was refused, where the test runs as that role."""
    session = session_of(item.config)
    if session.stored is None or session.role is None or session.settings.level == Level.OFF:
        return judged
    trips = [trip for trip in trips if any(one.sqlstate == REFUSED for one in trip.statements)]
    if not trips:
        return judged
    if isinstance(failure, (pytest.skip.Exception, pytest.xfail.Exception)):
        failure = None
    found = denied(
        trips,
        profile=session.stored.profile,
        role=session.role,
        test=item.nodeid,
        excuse=failure is None and _expects(item),
    )
    return _with(item, judged, found)


def _expects(item: pytest.Item) -> bool:
    """Does the test's own text say that something is refused?"""
    try:
        text = inspect.getsource(getattr(item, "function", None))  # type: ignore[arg-type]
    except (OSError, TypeError):
        return False
    return re.search(r"raises|InsufficientPrivilege|assertRaises|42501|denied", text) is not None


def _with(item: pytest.Item, judged: TestReport, found: Sequence[Finding]) -> TestReport:
    replay = f"pytest {shlex.quote(item.nodeid)} --parity-level={settings_of(item.config).level}"
    expectation = item.stash.get(EXPECTATION, None) or Expectation()
    found = [replace(one, replay=replay) for one in found]
    allowed = tuple(one for one in found if is_allowed(one, expectation.allow))
    failing = tuple(one for one in found if one not in allowed)
    judgement = replace(
        judged.judgement,
        findings=judged.judgement.findings + failing,
        allowed=judged.judgement.allowed + allowed,
    )
    return replace(judged, judgement=judgement, outcome="failed" if failing else judged.outcome)


def _shown(text: str) -> list[Source]:
    """The innermost line that a failed import shows; pytest shows relative paths."""
    lines = re.findall(r"^(?!\.\.|/)([^\s:]+\.py):(\d+): ", text, re.MULTILINE)
    return [Source(path=path, line=int(line)) for path, line in lines[-1:]]


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _told(failure: BaseException | None, root: Path) -> tuple[str | None, list[Source]]:
    """The text of what a test failed with, causes included, and the user's lines on its way, innermost first."""
    if failure is None or isinstance(failure, (ParityFailure, pytest.skip.Exception, pytest.xfail.Exception)):
        return None, []
    texts: list[str] = []
    lines: list[Line] = []
    at: BaseException | None = failure
    Lines(root).of_trace(failure.__traceback__, lines)
    while at is not None and len(texts) < 5:
        texts.append(f"{type(at).__name__}: {at}")
        at = at.__cause__ or at.__context__
    return "\n".join(texts), [source for source, _ in lines]


def unread(said: dict[str, list[str]]) -> str | None:
    """A line for the report: declared names that no worker's tests have read."""
    common: set[str] | None = None
    for names in said.values():
        common = set(names) if common is None else common & set(names)
    return note(common or (), f"declared in {FILE}, and read by no test of this run")
