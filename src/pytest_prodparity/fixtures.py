"""The `parity_*` fixtures, and what they give."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from .core.errors import ProdparityError, UsageError
from .core.options import OPTIONS

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Engine

    from .core.delta import Delta
    from .core.expectation import Expectation
    from .core.settings import Settings
    from .environment.guard import Guard
    from .environment.in_force import Environment
    from .gate.report import TestReport
    from .profile.model import Profile
    from .queries.leaks import Left
    from .racing import Loading, Raced, Racing
    from .recorded import ParityHttp
    from .relay.relay import Relay
    from .relay.url import ProxyUrl
    from .session import Rehearsal, Session

SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()
SESSION: pytest.StashKey[Session] = pytest.StashKey()
EXPECTATION: pytest.StashKey[Expectation] = pytest.StashKey()
GUARD: pytest.StashKey[Guard] = pytest.StashKey()
LAST: pytest.StashKey[bool] = pytest.StashKey()
"""Does no test follow, as far as this process knows?"""
ACCUSE: pytest.StashKey[Callable[[tuple[Left, ...]], None]] = pytest.StashKey()
"""Judges what the test left under way."""
ENDING: pytest.StashKey[set[pytest.FixtureDef[Any]]] = pytest.StashKey()
"""Wider fixtures of the user's that are set up, and will run code at their end."""
LATER: pytest.StashKey[bool] = pytest.StashKey()
"""Has a fixture of the test code to run at its end?"""
REHEARSAL: pytest.StashKey[Rehearsal] = pytest.StashKey()

RACED: pytest.StashKey[Raced] = pytest.StashKey()
"""What the test raced."""
JUDGED: pytest.StashKey[TestReport] = pytest.StashKey()


class Watching(Protocol):
    """A run beside the one that counts."""

    def watching(self) -> AbstractContextManager[None]:
        """Surrounds the call."""


class Sweeping(Protocol):
    """The runs of one test under faults."""

    @property
    def run(self) -> Watching | None:
        """Under way; None while the run that counts is."""

    def count(self, seconds: float, *, trips: int) -> None:
        """The call of the run that counts came to a good end."""


SWEEP: pytest.StashKey[Sweeping] = pytest.StashKey()


def unheard(item: pytest.Item) -> bool:
    """Is the run under way not the one that counts?"""
    rehearsal, sweep = item.stash.get(REHEARSAL, None), item.stash.get(SWEEP, None)
    return (rehearsal is not None and rehearsal.under_way) or (sweep is not None and sweep.run is not None)


def records(item: pytest.Item) -> bool:
    """Does it record HTTP? Then it runs once: each run would be recorded."""
    return "parity_http" in getattr(item, "fixturenames", ()) and settings_of(item.config).record != "none"


def something_said(config: pytest.Config) -> bool:
    """Did anybody set anything? If not, a run without marked tests needs no settings."""
    said = config.known_args_namespace
    if any(getattr(said, f"parity_{option.name}", None) is not None for option in OPTIONS):
        return True
    if any(name.startswith("PRODPARITY_") for name in os.environ):
        return True
    try:
        if b"prodparity" in (config.rootpath / "pyproject.toml").read_bytes():
            return True
    except OSError:
        pass
    return (config.rootpath / "parity" / "environment.toml").is_file()


def settings_of(config: pytest.Config) -> Settings:
    """The settings of this run, checked on first use."""
    if SETTINGS not in config.stash:
        from .core.settings import read_table, resolve

        said = {option.name: getattr(config.known_args_namespace, f"parity_{option.name}", None) for option in OPTIONS}
        try:
            config.stash[SETTINGS] = resolve(config.rootpath, said, os.environ, read_table(config.rootpath))
        except UsageError as error:
            raise pytest.UsageError(f"prodparity: {error}") from None
    return config.stash[SETTINGS]


def enter(config: pytest.Config) -> None:
    """Check the settings and set the application's environment; with `{db.…}` or `{proxy:…}` in it, ports are bound now."""
    settings = settings_of(config)
    if settings.record == "none" and settings.http.get("env"):
        from .recordings.before import environment

        try:
            os.environ.update(environment(settings.root, session_of(config).choices.env))
        except UsageError as error:
            raise pytest.UsageError(f"prodparity: {error}") from None
    try:
        filled = any("{db." in value or "{proxy:" in value for value in settings.env.values())
        os.environ.update(session_of(config).environment() if filled else settings.env)
    except ProdparityError as error:
        raise pytest.UsageError(f"prodparity: {error}") from None


def session_of(config: pytest.Config) -> Session:
    """What this run owns; made on first use."""
    if SESSION not in config.stash:
        from .session import Session

        worker = getattr(config, "workerinput", {}).get("workerid", "")
        config.stash[SESSION] = Session(settings_of(config), worker=worker, say=lambda line: say(config, line))
    return config.stash[SESSION]


def begin(item: pytest.Item) -> None:
    """Open the test, unless it is open; when its own fixtures are torn down, and before wider ones are, it ends."""
    session = session_of(item.config)
    if session.isolation.test != item.nodeid:
        rehearsal = item.stash.get(REHEARSAL, None)
        if rehearsal is not None and rehearsal.under_way and session.tied:
            rehearsal.void = True
            session.prepare(item.stash[EXPECTATION].rows)
        rehearsed = rehearsal is not None and rehearsal.under_way
        session.begin(item.nodeid, far=EXPECTATION in item.stash and not rehearsed)
        item.addfinalizer(partial(_end, session, item))


def _end(session: Session, item: pytest.Item) -> None:
    try:
        last = item.stash.get(LAST, False) and not item.config.stash.get(ENDING, None)
        left = session.end(item.nodeid, last=last)
    except ProdparityError as error:
        pytest.fail(f"prodparity: {error}", pytrace=False)
    if left and ACCUSE in item.stash:
        item.stash[ACCUSE](left)


def say(config: pytest.Config, line: str) -> None:
    """A line of progress, on the terminal at once, in the middle of a test. pytest's own capturing would hold it back."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture is not None else nullcontext():
        sys.stderr.write(f"\nprodparity: {line}")
        sys.stderr.flush()


@pytest.fixture
def parity_db(request: pytest.FixtureRequest) -> Iterator[ParityDatabase]:
    """A real PostgreSQL with production's schema, through the wire; fresh for each test."""
    session = session_of(request.config)
    refusal = session.refusal(heard=not unheard(request.node))
    if refusal is not None:
        pytest.fail(f"prodparity: {refusal}", pytrace=False)
    with ExitStack() as stack:
        yield ParityDatabase(session, stack)


@pytest.fixture
def parity_env(request: pytest.FixtureRequest) -> Environment:
    """Production's environment, as its manifest has it, in force for the test."""
    from .environment.in_force import Environment
    from .environment.manifest import FILE, load

    guard = request.config.stash.get(GUARD, None)
    if guard is not None:
        return Environment(guard.manifest, guard)
    settings = settings_of(request.config)
    path = settings.root / settings.profile / FILE
    try:
        if not path.is_file():
            raise UsageError(f"parity_env: {path} does not exist.", fix="prodparity env capture")
        return Environment(load(path), None)
    except UsageError as wrong:
        pytest.fail(f"prodparity: {wrong}", pytrace=False)


@pytest.fixture
def parity_proxy(request: pytest.FixtureRequest) -> Iterator[Callable[..., ProxyUrl]]:
    """A service's URL through a proxy that observes, delays and breaks: `parity_proxy("redis://127.0.0.1:6379")`."""
    from .core.latency import Latency
    from .relay.url import ProxyUrl

    session = session_of(request.config)
    relays = session.relays
    opened: list[Relay] = []
    delayed: list[Relay] = []

    def proxy(
        url: str, *, tls: str | None = None, remote: str | None = None, latency: Latency | None = None
    ) -> ProxyUrl:
        if latency is not None and not isinstance(latency, Latency):
            raise UsageError(
                f"parity_proxy: latency={latency!r} is no Latency.",
                fix="from pytest_prodparity import Latency, and write latency=Latency(ms=30)",
            )
        relay = relays.find(url) if tls is None else None
        if relay is None:
            relay = relays.open(url, tls=tls, remote=remote)
            opened.append(relay)
        if latency is not None:
            relays.delay(relay, latency.sampler(session.settings.seed))
            delayed.append(relay)
        return ProxyUrl(relay)

    yield proxy
    for relay in delayed:
        relays.delay(relay, None)
    for relay in opened:
        relays.shut(relay)
        if relay.unanswered is not None:
            said = f"parity_proxy: the service at {relay.address.where} could not be reached: {relay.unanswered}"
            request.node.add_report_section("teardown", "prodparity", said)


@pytest.fixture
def parity_faults(request: pytest.FixtureRequest) -> Iterator[Callable[..., AbstractContextManager[None]]]:
    """Break the connections of one block, to the database and through proxies: `with parity_faults(ResetPeer(trip=3)): …`."""
    if "parity_proxy" not in request.fixturenames:
        request.getfixturevalue("parity_db")  # there is one to lose
    hand = session_of(request.config).hand

    @contextmanager
    def block(*faults: object) -> Iterator[None]:
        with hand.block(*faults):
            yield

    yield block
    hand.close()


@pytest.fixture
def parity_http(request: pytest.FixtureRequest) -> Iterator[ParityHttp]:
    """The test's requests are answered from its recording, or recorded: `--parity-record=once`."""
    from .recorded import flowing

    try:
        with flowing(request, session_of(request.config), heard=not unheard(request.node)) as http:
            yield http
    except ProdparityError as error:
        pytest.fail(f"prodparity: {error}", pytrace=False)


@pytest.fixture
def parity_race(request: pytest.FixtureRequest, parity_db: ParityDatabase) -> Racing:  # noqa: ARG001  # there is one
    """Run callables at once, in every order of their round trips that can matter: `parity_race(lambda: a(), lambda: b())`."""
    from .racing import Racing

    return Racing(session_of(request.config), _raced(request.node))


@pytest.fixture
def parity_stress(request: pytest.FixtureRequest, parity_db: ParityDatabase) -> Loading:  # noqa: ARG001  # there is one
    """Make one call from many actors for some seconds: `parity_stress(lambda: buy(pool, 1), actors=16, seconds=5)`."""
    from .racing import Loading

    return Loading(session_of(request.config), _raced(request.node))


def _raced(item: pytest.Item) -> Raced:
    """One for all races of a test."""
    from .core.expectation import Expectation
    from .racing import Raced

    if RACED not in item.stash:
        item.stash[RACED] = Raced(
            session_of(item.config), item.nodeid, item.stash.get(EXPECTATION, None) or Expectation()
        )
    return item.stash[RACED]


class ParityDatabase:
    """The database of one test.

    What goes through `url`, `async_url`, `dsn`, `engine` and `connect()` passes the wire and is judged. `owner` does
    not: arrange rows and check results with it. Everything opened here is closed when the test ends.
    """

    def __init__(self, session: Session, stack: ExitStack) -> None:
        self._session = session
        self._stack = stack
        self._engine: Engine | None = None
        self._owner: psycopg.Connection[Any] | None = None

    @property
    def url(self) -> str:
        """For SQLAlchemy with psycopg 3: `postgresql+psycopg://…`. The same for the whole run."""
        return self._session.urls["db.url"]

    @property
    def async_url(self) -> str:
        """For SQLAlchemy's async engine: with asyncpg where it is installed, else with psycopg 3."""
        return self._session.urls["db.async_url"]

    @property
    def dsn(self) -> str:
        """For libpq, psycopg, psycopg2 and asyncpg: `postgresql://…`."""
        return self._session.urls["db.dsn"]

    @property
    def engine(self) -> Engine:
        """A SQLAlchemy engine, made on first use."""
        if self._engine is None:
            from sqlalchemy import create_engine

            self._engine = create_engine(self.url)
            self._stack.callback(self._engine.dispose)
        return self._engine

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        """A new psycopg connection; as a context manager it commits, or rolls back on an error, and closes.

        `options` go to `psycopg.connect`, such as `autocommit=True`.
        """
        import psycopg

        connection = psycopg.connect(self.dsn, **options)
        self._stack.callback(connection.close)
        return connection

    @property
    def owner(self) -> psycopg.Connection[Any]:
        """An autocommitting psycopg connection with the owner's rights, past the wire: for fixtures and checks."""
        if self._owner is None or self._owner.closed:
            import psycopg

            self._owner = psycopg.connect(self._session.owner_dsn(), autocommit=True)
            self._stack.callback(self._owner.close)
        return self._owner

    def sample(self, table: str, n: int = 1) -> list[dict[str, Any]]:
        """`n` rows of a table, each a dict by column: the same ones for the same rows and `--parity-seed`.

        Past the wire, as `owner`. `table` is `schema.table`, or a bare name that is unambiguous. Raises UsageError for a
        table that does not exist, and where it has fewer rows.
        """
        from .databases.sampling import sample

        return sample(self.owner, table, n, seed=self._session.settings.seed)

    def delta(self) -> Delta:
        """The rows that this test, its fixtures included, has changed so far: committed ones only.

        `delta["orders"].inserted == [{…}]`; printed, it names each row. What wider fixtures wrote is not in it. Raises
        ProdparityError where tests have a copy of the database instead of the delta.
        """
        return self._session.isolation.delta()

    @property
    def profile(self) -> Profile | None:
        """What production looks like; None where no profile was captured."""
        stored = self._session.stored
        return None if stored is None else stored.profile

    @property
    def level(self) -> str:
        """The level of this run: `off`, `dev`, `staging` or `production`."""
        return str(self._session.settings.level)

    def __repr__(self) -> str:
        return f"<ParityDatabase at level {self.level}>"
