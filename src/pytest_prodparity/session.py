"""What one run owns, made on first use: profile, server, wire, databases, twin. One per process, so one per xdist worker."""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg

from .core.errors import ProdparityError, UsageError
from .core.expectation import Expectation
from .core.latency import Latency
from .core.settings import Settings
from .core.suggest import closest
from .databases import refill, rights
from .databases.choose import Chosen, choose
from .databases.embedded import Embedded
from .databases.provider import Server
from .databases.roles import Login, application, named
from .databases.template import Templates
from .gate.render import terminal
from .gate.report import Production, TestReport
from .isolation.choice import Isolation
from .profile.store import Stored, load
from .queries.growth import FEWER, Growth
from .queries.leaks import Left
from .queries.planning import Plans
from .relay.relays import Relays
from .twin.twin import Twin
from .volumes import Volumes
from .wire.gate import Gate
from .wire.proxy import Wire
from .wire.trip import Trip
from .wire.upstream import Upstream

if TYPE_CHECKING:
    from .faults.by_hand import Hand
    from .recordings.choices import Choices
    from .recordings.openapi.spec import Spec

PROXY = re.compile(r"\{proxy:([^{}]+)\}")
"""In the application's variables: a service's URL through a proxy that stays for the whole run."""

HOST = re.compile(r"(?<!http)(?<!https)://(?:[^/@\s]*@)?(\[[^\]/]+\]|[^/:?#\s{}]+)")
"""In a URL; those of HTTP are asked through a recording."""

DATABASE = "parity"
"""The name in the stable URL; the wire puts the name of the current test's database in its place."""


@dataclass
class Rehearsal:
    """A test's run on fewer rows."""

    rows: Mapping[str, int]
    """What its volume is asked for by, instead of the marker's `rows`."""
    under_way: bool = True
    void: bool = False
    """It ran on all rows, because something held it there: it says nothing."""
    trips: Sequence[Trip] = ()
    """What it sent; empty where it did not come to a good end."""


class Session:
    """The composition root."""

    def __init__(self, settings: Settings, *, worker: str = "", say: Callable[[str], None] | None = None) -> None:
        self.settings = settings
        self.notes: dict[str, None] = {
            f"{dial} is set, and not applied by this version": None for dial in settings.unapplied
        }
        self._worker = worker
        self._lock = threading.RLock()
        self._rows: Mapping[str, int] = {}
        """The marker's `rows` of the test that is next or open."""
        self._volumes = Volumes(
            settings,
            lambda: self.stored,
            say=say or (lambda _line: None),
            note=self.note,
            worker=bool(worker),
        )
        self._chosen: Chosen | None = None
        self._server: Server | None = None
        self._templates: Templates | None = None
        self._broken: ProdparityError | None = None
        self._refused: set[str] = set()
        self._open_twins: list[Twin] = []
        self._twins: dict[tuple[tuple[str, int], ...], Plans | ProdparityError] = {}
        self._planning: Embedded | None = None
        """The twin's own server, where the tests run on another."""
        self.wire = Wire(self._upstream, root=settings.root)
        self.wire.open()
        self.isolation = Isolation(self, self.wire, self._upstream, self._lock, settings.isolation)

    # --- what is known before anything starts

    @cached_property
    def stored(self) -> Stored | None:
        """The profile; None where none was captured yet. Raises UsageError where it is broken."""
        folder = self.settings.root / self.settings.profile
        if not _is_begun(folder) and self.settings.profile == Path("parity"):
            self.notes["no profile in parity/; to judge by production's plans: prodparity capture URL"] = None
            return None
        return load(folder)

    @cached_property
    def _login(self) -> Login:
        return application(self.settings.database)

    @cached_property
    def role(self) -> str | None:
        """Production's application role, as which the code under test connects; None: as the owner. Raises UsageError."""
        name = self.settings.role
        if name is None:
            return None
        if self.stored is None:
            raise UsageError(f"[tool.prodparity] role = {name!r}: there is no profile.", fix="prodparity capture URL")
        found = rights.known(self.stored.profile, name)
        if "://" in self.settings.database:
            self.note(
                f"the code connects as the URL's user, not as production's {name}: roles are made on servers of ours"
            )
            return None
        if found.superuser:
            self.note(
                f"production's {name} is a superuser: the code connects as the owner of everything, and nothing is refused"
            )
            return None
        return name

    @cached_property
    def _client(self) -> Login:
        """Whom the code under test connects as."""
        return self._login if self.role is None else named(self.role)

    def entitle(self, database: str) -> None:
        """Give it production's rights in a fresh copy."""
        if self.role is not None and self.stored is not None:
            for note in rights.entitle(self.server, database, self.stored.profile, self.role):
                self.note(note)

    @cached_property
    def urls(self) -> Mapping[str, str]:
        """What `{db.…}` stands for; the same for the whole run."""
        who = f"{quote(self._client.user, safe='')}:{quote(self._client.password, safe='')}"
        rest = f"{who}@127.0.0.1:{self.wire.port}/{DATABASE}"
        driver = "asyncpg" if importlib.util.find_spec("asyncpg") else "psycopg"
        return {
            "db.url": f"postgresql+psycopg://{rest}",
            "db.async_url": f"postgresql+{driver}://{rest}",
            "db.dsn": f"postgresql://{rest}",
            "db.host": "127.0.0.1",
            "db.port": str(self.wire.port),
            "db.name": DATABASE,
            "db.user": self._client.user,
            "db.password": self._client.password,
        }

    def environment(self) -> dict[str, str]:
        """The application's variables, filled in."""
        filled = {}
        for name, value in self.settings.env.items():
            for key, text in self.urls.items():
                value = value.replace(f"{{{key}}}", text)
            filled[name] = PROXY.sub(lambda found: self.relays.standing(found[1]).url, value)
        return filled

    def check(self, expectations: Iterable[Expectation]) -> None:
        """Whatever can be known to be wrong before the first test; raises UsageError."""
        stored = self.stored
        if self.settings.http:
            _ = self.specifications
        _ = self.role  # a wrong one is a usage error
        if "://" in self.settings.database:
            self._chosen = choose(self.settings, stored.profile if stored else None)
        for expectation in expectations:
            for table in expectation.rows:
                if stored is not None and stored.profile.table(table) is None:
                    names = [known.name for known in stored.profile.tables]
                    raise UsageError(
                        f"rows={{{table!r}: …}}: production has no table {table!r}{closest(table, names)}."
                    )
            self._volumes.check(expectation.rows)
            if stored is not None:
                for entry in expectation.allow:
                    self._note_unknown(entry, [table.full_name for table in stored.profile.tables])

    def _note_unknown(self, allowed: str, tables: Sequence[str]) -> None:
        """An `allow` for a table that production does not have will match nothing."""
        rule, _, subject = allowed.partition(":")
        if rule in ("over-budget", "idle-in-transaction", "leak", "undeclared-env", "permission-denied"):
            return  # these are not about a table
        names = [*tables, *(table.partition(".")[2] for table in tables)]
        if subject and not any(fnmatchcase(name, subject) for name in names):
            self.notes[f"allow={allowed!r}: production has no table {subject!r}{closest(subject, names)}"] = None

    def header(self) -> list[str]:
        """The lines under pytest's own header, once marked tests are collected."""
        production = _production(self.stored)
        about = "no profile" if production is None else f"profile {terminal.age(production, datetime.now(UTC))}"
        settings = self.settings
        place = "a URL" if "://" in settings.database else settings.database
        role = f" as {self.role}" if self.role else ""
        rows = f", {planned}" if (planned := self._volumes.header()) else ""
        far = f", round trips {self._latency.ms:g} ms longer" if self._latency else ""
        return [f"prodparity: level {settings.level}, database {place}{role}, {about}{rows}{far}, seed {settings.seed}"]

    # --- one test

    def prepare(self, rows: Mapping[str, int]) -> None:
        """Before a test's fixtures: build the volume it needs, where one is wanted and none is kept.

        What stands in the way is said when the test asks for its database.
        """
        self._rows = rows if self._volumes.wanted else {}
        with suppress(ProdparityError, psycopg.Error), self._lock:
            if self._volumes.wanted:
                self.template(rows)

    @property
    def tied(self) -> bool:
        """Would another volume lack what was written outside tests, or end a transaction that somebody holds open?"""
        return self.isolation.written or any(one.state in ("T", "E") for one in self.wire.connections)

    def begin(self, test: str, *, far: bool = False) -> None:
        """From here on the wire leads to a database in which nothing is from another test, and `far` as production's."""
        self.isolation.begin(test, self._rows)
        latency = self._latency
        self.wire.latency = latency.sampler(self.settings.seed) if far and latency is not None else None

    @cached_property
    def _latency(self) -> Latency | None:
        said = self.settings.dials.latency
        if isinstance(said, str):
            return Latency.measured(self.stored.profile.round_trip_ms if self.stored else (), tail=said == "tail")
        return said

    def current(self) -> str:
        """The database of the open test, or of what runs outside tests; raises ProdparityError where none can be had."""
        return self.isolation.database()

    def refusal(self, *, heard: bool = True) -> ProdparityError | None:
        """Why the open test has no database; None where it has one. What was `heard` before is told shorter."""
        try:
            self.current()
        except ProdparityError as error:
            if error.happened in self._refused and error.fix:
                return ProdparityError(f"{error.happened} (the first error says what to do)")
            if heard:
                self._refused.add(error.happened)
            return error
        return None

    def end(self, test: str, *, last: bool = False) -> tuple[Left, ...]:
        """What the test changed goes; of the run's `last` one with the database. What it left under way.

        Raises ProdparityError where that failed.
        """
        self.wire.latency = None
        return self.isolation.end(test, last=last)

    def owner_dsn(self) -> str:
        """Past the wire, to the open test's database."""
        return self.server.dsn(self.current(), user=self._login.user, password=self._login.password)

    def fewer(self, expectation: Expectation) -> Mapping[str, int] | None:
        """The marker's `rows` for a rehearsal; None where the test begins with too few rows for one."""
        return self._volumes.fewer(expectation.rows, FEWER)

    def growth(self, expectation: Expectation, rehearsed: Rehearsal | None) -> Growth:
        """What a test's database holds, and what the test sent when it held less."""
        rows = self._volumes.counts(expectation.rows)
        if rehearsed is None or not rehearsed.trips:
            return Growth(rows=rows)
        return Growth(rows=rows, fewer=self._volumes.counts(rehearsed.rows), trips=rehearsed.trips)

    # --- the server

    @property
    def server(self) -> Server:
        """Started on first use. Raises ProdparityError."""
        with self._lock:
            if self._broken is not None:
                raise self._broken
            if self._server is None:
                try:
                    if self._chosen is None:
                        self._chosen = choose(self.settings, self.stored.profile if self.stored else None)
                    self._server = self._chosen.provider.start()
                except ProdparityError as error:
                    self._broken = error
                    raise
                self.notes.update(dict.fromkeys(self._chosen.notes))
            return self._server

    @property
    def server_version(self) -> int | None:
        """`server_version_num`, once a server was started."""
        return None if self._server is None else self._server.version

    @property
    def templates(self) -> Templates:
        """Of the server, and this process's copies of them."""
        # One lock for both: until Python 3.12 a cached_property has a lock of its own, and two threads that are in need of
        # a new server took the two in opposite order.
        with self._lock:
            if self._templates is None:
                self._templates = Templates(self.server)
            return self._templates

    @cached_property
    def relays(self) -> Relays:
        """The proxies before other services."""
        return Relays(self.settings.root)

    @property
    def search_path(self) -> str | None:
        """Production's."""
        return self.stored.profile.settings.get("search_path") if self.stored else None

    def template(self, rows: Mapping[str, int]) -> str:
        """The database that a test with these `rows` begins as a copy of."""
        return self._volumes.template(self.templates, rows)

    def note(self, text: str) -> None:
        """For the report."""
        self.notes[text] = None

    def lose(self, said: str | None) -> None:
        """The server was lost, as it `said`, and is started again on next use; or, with None, a template."""
        self._volumes.forget()
        if said is None:
            return
        self.note(f"the database server was lost, and started again: {said}")
        templates, self._templates = self._templates, None
        if templates is not None:
            templates.close()
        self._server = None
        for twin in self._open_twins:
            twin.close()
        self._open_twins.clear()
        self._twins.clear()

    def _upstream(self) -> Upstream:
        """Where the wire leads now; called by its threads."""
        with self._lock:
            server = self.server
            return Upstream(
                host=server.host,
                port=server.port,
                user=self._client.user,
                password=self._client.password,
                database=self.current(),
                sslmode=server.sslmode,
                version=server.version,
            )

    # --- faults

    @cached_property
    def hand(self) -> Hand:
        """Faults that tests ask for themselves."""
        from .faults.by_hand import Hand

        return Hand(self.wire, self.relays, seed=self.settings.seed)

    def arm(self, gate: Gate | None) -> None:
        """Let a gate decide what passes the wire and the proxies, where a fixture has no faults for it; None: all passes."""
        self.hand.arm(gate)

    def lift(self, deadline: float, *, standing: bool = False) -> None:
        """The end of all faults, but for what they made of the server if that is `standing`.

        At most until then (`time.monotonic()`) what is under way may end.
        """
        self.wire.gate = self.relays.gate = None
        self.wire.lift(standing=standing)
        self.relays.lift()
        self.wire.settle(deadline)
        self.relays.settle(deadline)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What passes the wire is neither recorded nor slowed down; a gate that is there is there again afterwards."""
        wire = self.wire
        taps, latency, gate = list(wire.taps), wire.latency, wire.gate
        wire.taps[:] = [self.isolation]
        wire.latency, wire.gate = None, None
        try:
            yield
        finally:
            wire.taps[:], wire.latency, wire.gate = taps, latency, gate

    # --- recordings

    @cached_property
    def choices(self) -> Choices:
        """`[tool.prodparity.http]`. Raises UsageError."""
        from .recordings.choices import Choices

        return Choices.parse(self.settings.http)

    @cached_property
    def specifications(self) -> tuple[Spec, ...]:
        """Of the vendors' APIs. Raises UsageError."""
        from .recordings.openapi.spec import Spec

        return tuple(Spec.load(self.settings.root / path) for path in self.choices.openapi)

    def declared(self) -> Iterator[str]:
        """Hosts that marked tests may reach: named in the settings, or the database's."""
        yield from self.choices.hosts
        for url in (self.settings.database, *self.settings.env.values()):
            for host in HOST.findall(url):
                yield host.strip("[]")
        if self._server is not None:
            yield self._server.host
        if "relays" in self.__dict__:
            for relay in self.relays.open_ones:
                yield relay.address.host

    # --- judging

    def planner(self, expectation: Expectation) -> Plans | ProdparityError | None:
        """Production's planner, with the marker's `rows`; None where the level or a missing profile leaves it out."""
        stored = self.stored
        if stored is None or not self.settings.dials.twin:
            return None
        key = tuple(sorted(expectation.rows.items()))
        if key not in self._twins:
            try:
                self._twins[key] = self._open_twin(stored, expectation.rows)
            except ProdparityError as error:
                self.notes[f"production's plans cannot be had: {error.happened}"] = None
                self._twins[key] = error
        return self._twins[key]

    def _open_twin(self, stored: Stored, rows: Mapping[str, int]) -> Plans:
        if rows:
            from .profile.scale import scaled

            stored = replace(stored, profile=scaled(stored.profile, rows))
        server = self.server
        if server.kind != "embedded":
            if self._planning is None:
                self._planning = Embedded()
            server = self._planning.start()
        twin = Twin.open(stored, server)
        self._open_twins.append(twin)
        self.notes.update(dict.fromkeys(twin.notes))
        if twin.caveat is not None:
            self.notes[twin.caveat] = None
        return Plans(twin, stored.profile)

    # --- reporting and the end

    def facts(self, judged: TestReport) -> dict[str, Any]:
        """One test's result as plain JSON: what an xdist worker hands to the controller."""
        production = _production(self.stored)
        return {
            "test": judged.to_json(),
            "server": self._shown,
            "notes": list(self.notes),
            "production": None if production is None else asdict(production),
        }

    @property
    def _shown(self) -> str | None:
        """What the tests ran on."""
        if self._server is None or self._chosen is None:
            return None
        return ", ".join(filter(None, (self._chosen.shown(self._server), self._volumes.shown())))

    def close(self) -> None:
        """Give everything back; never raises."""
        self.wire.close()
        if "relays" in self.__dict__:
            self.relays.close()
        self.isolation.close()
        for twin in self._open_twins:
            twin.close()
        with self._lock:
            if self._server is not None and self._chosen is not None:
                refill.close(self.templates, self._chosen.provider, copies=refill.workers())
            if self._chosen is not None:
                self._chosen.provider.stop()
            if self._planning is not None:
                self._planning.stop()


def _is_begun(folder: Path) -> bool:
    """Is there any of a profile? A manifest of production's environment stands in the same folder."""
    return folder.exists() and (folder.is_file() or [entry.name for entry in folder.iterdir()] != ["environment.toml"])


def _production(stored: Stored | None) -> Production | None:
    if stored is None:
        return None
    profile = stored.profile
    return Production(
        version=profile.server_version,
        tables=len(profile.tables),
        size=profile.size,
        captured_at=profile.captured_at,
        origin=profile.origin,
        key=stored.key,
    )
