"""pytest's hooks: return early, or import one room and call it.

Loading this module costs every pytest run of every user who has it installed: it imports the standard library and
pytest only, and a test measures that.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from inspect import isasyncgenfunction, isgeneratorfunction
from typing import Any

import pytest

from .core.errors import UsageError
from .core.options import OPTIONS
from .fixtures import (
    ENDING,
    EXPECTATION,
    LAST,
    LATER,
    REHEARSAL,
    SESSION,
    SETTINGS,
    begin,
    enter,
    records,
    session_of,
    settings_of,
    something_said,
    unheard,
)
from .fixtures import parity_db as parity_db
from .fixtures import parity_faults as parity_faults
from .fixtures import parity_http as parity_http
from .fixtures import parity_proxy as parity_proxy
from .fixtures import parity_race as parity_race
from .fixtures import parity_stress as parity_stress


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("production parity")
    for option in OPTIONS:
        if option.flag is not None:
            value = {"metavar": option.metavar} if option.metavar else {"action": "store_true"}
            group.addoption(option.flag, dest=f"parity_{option.name}", default=None, help=option.help, **value)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    # Before any conftest: an application that makes its engine when it is imported must find its URL.
    _begin(early_config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "prodparity(queries=None, rows=None, faults=None, allow=None, level=None): "
        "run this test in production's world and fail it where production would fail",
    )
    _begin(config)
    if getattr(config.option, "dist", "no") != "no":
        from .results import collect

        collect(config)


def _begin(config: pytest.Config) -> None:
    """Where anything was said: check it, and set the application's environment."""
    if SETTINGS not in config.stash and something_said(config):
        enter(config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    everywhere = SETTINGS in config.stash and config.stash[SETTINGS].mark
    if SETTINGS in config.stash and config.stash[SETTINGS].gated:
        # It also decides about a run without a marked test.
        from .results import collect

        collect(config)
    if everywhere or any(item.get_closest_marker("prodparity") for item in items):
        from .marks import expect

        if expect(config, items):
            from .results import collect

            collect(config)
            settings = settings_of(config)
            if (settings.dials.faults or settings.replayed_fault) and not config.pluginmanager.has_plugin(
                "prodparity-sweeper"
            ):
                from .scenarios.sweeper import Sweeper

                config.pluginmanager.register(Sweeper(config), "prodparity-sweeper")


def pytest_report_collectionfinish(config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
    if not any(EXPECTATION in item.stash for item in items):
        return []
    try:
        return session_of(config).header()
    except UsageError:
        return []  # the collection has failed with it already


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    # Innermost, so that what limits a test's time limits both runs.
    if EXPECTATION not in item.stash or not settings_of(item.config).dials.growth or records(item):
        return (yield)
    from .scenarios.rehearsal import rehearse

    rehearse(item)
    try:
        return (yield)
    finally:
        if REHEARSAL in item.stash:
            del item.stash[REHEARSAL]


def pytest_runtest_setup(item: pytest.Item) -> None:
    # After the skips of others, before any fixture: what is skipped needs no volume.
    expectation = item.stash.get(EXPECTATION, None)
    if expectation is not None and expectation.level is not None:
        level = settings_of(item.config).level
        if expectation.level > level:
            pytest.skip(f"needs --parity-level={expectation.level}; this run has {level}")
    if expectation is not None or "parity_db" in getattr(item, "fixturenames", ()):
        rows = expectation.rows if expectation is not None else {}
        rehearsal = item.stash.get(REHEARSAL, None)
        session_of(item.config).prepare(rehearsal.rows if rehearsal is not None and rehearsal.under_way else rows)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    # Wider scopes are set up before a test's own fixtures: what they wrote becomes the baseline of the test.
    if fixturedef.scope == "function":
        item = request.node
        if EXPECTATION in item.stash or "parity_db" in getattr(item, "fixturenames", ()):
            begin(item)
            if _runs_at_its_end(fixturedef):
                item.stash[LATER] = True
        return (yield)
    if SESSION in request.config.stash:
        request.config.stash[SESSION].isolation.go_on()
    if _runs_at_its_end(fixturedef):
        request.config.stash.setdefault(ENDING, set()).add(fixturedef)
    try:
        return (yield)
    finally:
        if SESSION in request.config.stash:
            request.config.stash[SESSION].isolation.wrote(fixturedef)


def _runs_at_its_end(fixturedef: pytest.FixtureDef[Any]) -> bool:
    """Has the user's fixture code for its teardown?"""
    function = fixturedef.func
    path = getattr(getattr(function, "__code__", None), "co_filename", "site-packages")
    if "site-packages" in path or "dist-packages" in path or function.__module__.startswith("pytest_prodparity."):
        return False
    return isgeneratorfunction(function) or isasyncgenfunction(function) or "request" in fixturedef.argnames


def pytest_fixture_post_finalizer(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> None:
    if ENDING in request.config.stash:
        request.config.stash[ENDING].discard(fixturedef)
    if fixturedef.scope != "function" and SESSION in request.config.stash:
        request.config.stash[SESSION].isolation.finished(fixturedef)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    marked = EXPECTATION in item.stash
    plays = "parity_http" in getattr(item, "fixturenames", ())
    if not marked and not plays and "parity_db" not in getattr(item, "fixturenames", ()):
        return (yield)
    with ExitStack() as stack:
        if marked:
            from .marks import watched
            from .recorded import guarded

            stack.enter_context(watched(item))
            stack.enter_context(guarded(item, session_of(item.config)))
        if isinstance(item, pytest.Function) and hasattr(item.obj, "hypothesis"):
            from .examples import apart

            stack.enter_context(apart(item))
        if not plays:
            return (yield)
        from .recorded import PASSED

        item.stash[PASSED] = False
        came = yield
        item.stash[PASSED] = True
        return came


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    item.stash[LAST] = nextitem is None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if unheard(item):
        return report
    if EXPECTATION in item.stash and (call.when == "call" or (call.when == "setup" and not report.passed)):
        from .marks import annotate

        annotate(item, call, report)
    if EXPECTATION in item.stash and call.when == "teardown":
        from .marks import over

        over(item, call, report)
    if call.when == "teardown" and SESSION in item.config.stash:
        report.prodparity_isolation = item.config.stash[SESSION].isolation.facts()  # type: ignore[attr-defined]
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    if SESSION in config.stash:
        config.stash[SESSION].close()
