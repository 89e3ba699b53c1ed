"""What database clients raise under each fault: measures it, and writes the table of docs/explanation/clients.md.

`python tools/clients_see.py` writes the page; `--print` shows the table only.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg

from pytest_prodparity import (
    BlackHole,
    Failover,
    HalfOpen,
    Refuse,
    ReplyLost,
    ResetPeer,
    Restart,
    SqlState,
    Starved,
    Terminated,
)
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.faults.kinds.kind import Kind
from pytest_prodparity.wire.gate import Asking, Opening, Strike
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream

PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "clients.md"
HANGS_S = 0.4
"""After so long a client is said to hang: none has a deadline by default."""
INSERT = "INSERT INTO seen VALUES (1)"


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    title: str
    fault: Kind
    part: str = ""
    """Of the statement that is struck; empty is the first of the transaction."""


CASES = (
    Case("reset before the INSERT", ResetPeer(), "INSERT"),
    Case("reset before the COMMIT", ResetPeer(), "COMMIT"),
    Case("reply of the COMMIT lost", ReplyLost(), "COMMIT"),
    Case("half-open at the INSERT", HalfOpen(), "INSERT"),
    Case("black hole at the INSERT", BlackHole(), "INSERT"),
    Case("terminated backend", Terminated(), "INSERT"),
    Case("restart", Restart(), "INSERT"),
    Case("failover before the transaction", Failover()),
    Case("40001 at the INSERT", SqlState("40001"), "INSERT"),
    Case("40001 at the COMMIT", SqlState("40001"), "COMMIT"),
    Case("40P01 at the INSERT", SqlState("40P01"), "INSERT"),
    Case("55P03 at the INSERT", SqlState("55P03"), "INSERT"),
    Case("57014 at the INSERT", SqlState("57014"), "INSERT"),
    Case("53100 at the INSERT", SqlState("53100"), "INSERT"),
    Case("25P03 at the INSERT", SqlState("25P03"), "INSERT"),
    Case("connection refused", Refuse()),
    Case("57P03 at connect", Refuse(sqlstate="57P03")),
    Case("53300 at connect", Starved(connections=0)),
)


class Client(Protocol):
    """A driver or a library, used as its documentation says."""

    def __init__(self, dsn: str) -> None: ...

    def write(self) -> None:
        """One INSERT in a transaction of its own."""

    def close(self) -> None:
        """Whatever state it is in."""


class Psycopg3:
    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn)

    def write(self) -> None:
        self._connection.execute(INSERT)
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()


class Psycopg2:
    def __init__(self, dsn: str) -> None:
        import psycopg2

        self._connection = psycopg2.connect(dsn)

    def write(self) -> None:
        self._connection.cursor().execute(INSERT)
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()


class Asyncpg:
    def __init__(self, dsn: str) -> None:
        import asyncpg

        self._runner = asyncio.Runner()
        try:
            self._connection = self._runner.run(asyncpg.connect(dsn))
        except BaseException:
            self._runner.close()
            raise

    def write(self) -> None:
        self._runner.run(self._write())

    async def _write(self) -> None:
        async with self._connection.transaction():
            await self._connection.execute(INSERT)

    def close(self) -> None:
        async def terminate() -> None:
            self._connection.terminate()

        with self._runner:
            self._runner.run(terminate())


class SqlAlchemy:
    def __init__(self, dsn: str) -> None:
        import sqlalchemy

        self._engine = sqlalchemy.create_engine(dsn.replace("postgresql:", "postgresql+psycopg:"))
        try:
            self._engine.connect().close()
        except BaseException:
            self._engine.dispose()
            raise

    def write(self) -> None:
        import sqlalchemy

        with self._engine.begin() as connection:
            connection.execute(sqlalchemy.text(INSERT))

    def close(self) -> None:
        self._engine.dispose()


class Django:
    def __init__(self, dsn: str) -> None:
        import django
        from django.conf import settings
        from django.db import connections

        parts = psycopg.conninfo.conninfo_to_dict(dsn)
        if not settings.configured:
            settings.configure(DATABASES={}, USE_TZ=True)
            django.setup()
        connections.databases["default"] = {
            **connections.databases.get("default", {}),
            "ENGINE": "django.db.backends.postgresql", "NAME": parts["dbname"], "USER": parts["user"],
            "PASSWORD": parts["password"], "HOST": parts["host"], "PORT": parts["port"],
        }  # fmt: skip
        connections.configure_settings(connections.databases)
        self._connection: Any = connections.create_connection("default")
        self._connection.ensure_connection()

    def write(self) -> None:
        connection = self._connection
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.execute(INSERT)
        connection.commit()

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._connection.close()


CLIENTS: dict[str, Callable[[str], Client]] = {
    "psycopg 3": Psycopg3,
    "psycopg2": Psycopg2,
    "asyncpg": Asyncpg,
    "SQLAlchemy": SqlAlchemy,
    "Django": Django,
}


@dataclass
class _Once:
    """A gate that strikes one time."""

    case: Case
    struck: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def opening(self, opening: Opening) -> Strike | None:
        return self._strike(opening, self.case.part)

    def asking(self, asking: Asking) -> Strike | None:
        return self._strike(asking, "; ".join(asking.statements))

    def _strike(self, asking: Asking | Opening, text: str) -> Strike | None:
        fault = self.case.fault
        with self.lock:
            if self.struck or self.case.part not in text or fault.fits(asking) is not None:
                return None
            self.struck = True
            return fault.strike


@dataclass(frozen=True)
class Seen:
    """One cell: what is raised, and whether the row is there."""

    raised: str
    done: bool


@contextlib.contextmanager
def stage(server: Server) -> Iterator[Callable[[str, Case], Seen]]:
    """A wire before a database of its own; gives what looks at one client in one case."""
    name = "clients_see"
    with psycopg.connect(server.dsn(), autocommit=True) as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        owner.execute(f"CREATE DATABASE {name}")
        try:
            with psycopg.connect(server.dsn(name), autocommit=True) as past:
                past.execute("CREATE TABLE seen (id int)")
                upstream = Upstream(
                    host=server.host, port=server.port, user=server.user, password=server.password, database=name
                )
                with Wire(lambda: upstream, root=Path(__file__).parent) as wire:
                    who = f"{quote(server.user, safe='')}:{quote(server.password, safe='')}"
                    dsn = f"postgresql://{who}@127.0.0.1:{wire.port}/{name}"
                    yield lambda client, case: _see(wire, past, dsn, CLIENTS[client], case)
        finally:
            owner.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _see(wire: Wire, past: psycopg.Connection[Any], dsn: str, client: Callable[[str], Client], case: Case) -> Seen:
    past.execute("TRUNCATE seen")
    gate = _Once(case)
    raised: list[BaseException] = []
    connects = case.fault.at == "connect"

    def work() -> None:
        made: Client | None = None
        try:
            wire.gate = gate if connects else None
            made = client(dsn)
            wire.gate = gate
            made.write()
        except Exception as error:  # noqa: BLE001  # this is what it is about
            raised.append(error)
        finally:
            if made is not None:
                made.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(HANGS_S if isinstance(case.fault, BlackHole) else 20)
    hangs = thread.is_alive()
    wire.lift()
    thread.join()
    done = past.execute("SELECT count(*) FROM seen").fetchone() == (1,)
    if hangs:
        return Seen("hangs", done)
    return Seen(_named(raised[0]) if raised else "nothing", done)


def _named(error: BaseException) -> str:
    """Class and SQLSTATE; of a wrapper also what it wraps."""
    inner = getattr(error, "orig", None) or (error.__cause__ if type(error).__module__ == "django.db.utils" else None)
    code = next(
        (
            str(found)
            for each in (error, inner)
            for name in ("sqlstate", "pgcode")
            if (found := getattr(each, name, None))
        ),
        "",
    )
    wrapped = (
        f" of `{type(inner).__name__}`" if inner is not None and type(inner).__name__ != type(error).__name__ else ""
    )
    return f"`{type(error).__name__}`{wrapped}{f' {code}' if code else ''}"


def row(see: Callable[[str, Case], Seen], case: Case, clients: list[str]) -> list[str]:
    """The cells of one line of the table."""
    seen = [see(client, case) for client in clients]
    done = {each.done for each in seen}
    return [case.title, " or ".join("yes" if each else "no" for each in sorted(done)), *(each.raised for each in seen)]


def table(server: Server) -> str:
    """Of all clients and cases."""
    names = list(CLIENTS)
    lines = [["fault", "row written?", *names], ["---"] * (len(names) + 2)]
    with stage(server) as see:
        lines += [row(see, case, names) for case in CASES]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(arguments: list[str]) -> None:
    """Measure, and write or print."""
    provider = Embedded(throw_away=True)
    try:
        found = table(provider.start())
    finally:
        provider.stop()
    if "--print" in arguments:
        sys.stdout.write(found)
        return
    text = PAGE.read_text(encoding="utf-8")
    marks = "<!-- measured -->\n", "<!-- end -->"
    PAGE.write_text(
        re.sub(
            f"({re.escape(marks[0])}).*({marks[1]})", lambda at: f"{at[1]}\n{found}\n{at[2]}", text, flags=re.DOTALL
        ),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(sys.argv[1:])
