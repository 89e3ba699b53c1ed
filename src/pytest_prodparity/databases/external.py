"""A PostgreSQL that the user names by URL: used only with leave, and never where it looks like production."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from ..core.errors import ProdparityError, UsageError
from .provider import Server

EXAMPLE = "postgresql://user:password@127.0.0.1:5432/postgres"
_PRODUCTION = re.compile(r"(?<![a-z])(prod|prods|production|prd|live|primary|master)(?![a-z])", re.IGNORECASE)
_NOT_PRODUCTION = re.compile(
    r"(?<![a-z])(test|tests|testing|dev|development|staging|stage|ci|local|sandbox)(?![a-z])", re.IGNORECASE
)
_HOSTED = re.compile(
    r"\.rds\.amazonaws\.com$|\.neon\.tech$|\.supabase\.(?:co|com)$|\.postgres\.database\.azure\.com$"
    r"|\.db\.ondigitalocean\.com$|\.aivencloud\.com$|\.render\.com$|\.rlwy\.net$|\.timescale\.com$|\.cockroachlabs\.cloud$"
    r"|^/cloudsql/|\.compute(?:-\d)?\.amazonaws\.com$",
    re.IGNORECASE,
)
_LOCAL = re.compile(r"^(localhost|127(\.\d+){3}|::1|/.*)$")
CROWD = 20
"""Clients of other machines from which a server counts as in use."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A URL's parts; the password is never shown."""

    host: str
    port: int
    user: str
    password: str
    database: str
    sslmode: str

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}/{self.database}"

    __repr__ = __str__


def parse(url: str) -> Address:
    """The parts of `url`, a libpq or SQLAlchemy URL; raises UsageError, without the password in it."""
    plain = re.sub(r"^postgres(?:ql)?\+\w+://", "postgresql://", url)
    scheme = url.partition("://")[0]
    if not plain.startswith(("postgresql://", "postgres://")):
        raise UsageError(f"--parity-database: {scheme}:// is not PostgreSQL.", fix=f"write {EXAMPLE}")
    try:
        parts: dict[str, Any] = conninfo_to_dict(plain)
        host, port = str(parts.get("host") or parts.get("hostaddr") or "127.0.0.1"), int(parts.get("port") or 5432)
    except (psycopg.ProgrammingError, ValueError):
        # libpq's own text repeats the URL, password and all.
        raise UsageError("--parity-database: the URL is not well-formed.", fix=f"write {EXAMPLE}") from None
    if not parts.get("user"):
        raise UsageError("--parity-database: the URL names no user.", fix=f"write {EXAMPLE}")
    return Address(
        host=host,
        port=port,
        user=str(parts["user"]),
        password=str(parts.get("password") or ""),
        database=str(parts.get("dbname") or "postgres"),
        sslmode=str(parts.get("sslmode") or "prefer"),
    )


class External:
    """Checks a named server before anything is made on it.

    `production`: the captured production's identity, as `Profile.identity`; `identities` computes the same of every
    database of an open connection's server. `allowed`: `allow_external` of the settings; a server on this machine needs
    none. Raises UsageError for a server that must not be used by its URL alone.
    """

    def __init__(
        self,
        url: str,
        *,
        allowed: bool,
        production: str | None = None,
        identities: Callable[[psycopg.Connection[Any]], Collection[str]] | None = None,
    ) -> None:
        self.notes: list[str] = []
        self._address = address = parse(url)
        if not (allowed or _LOCAL.search(address.host)):
            raise UsageError(
                f"--parity-database={address.host}: a server on another machine may not be used, allow_external is not set.",
                tried="Databases would be created and dropped on it",
                fix="[tool.prodparity] allow_external = true, if it is a server for tests",
            )
        _check_name(address)
        self._production = production
        self._identities = identities

    def start(self) -> Server:
        """Connect and check; raises UsageError where it must not be used, ProdparityError where it cannot."""
        address = self._address
        with closing(self._connect()) as connection:
            self._check_identity(connection)
            _check_clients(connection, address)
            superuser = _check_rights(connection, address)
            return Server(
                host=address.host, port=address.port, user=address.user, password=address.password,
                version=connection.info.server_version, kind="external", superuser=superuser, sslmode=address.sslmode,
            )  # fmt: skip

    def stop(self) -> None:
        """Nothing was started."""

    def again(self) -> dict[str, str] | None:
        """How much disk it has nobody can tell: nothing is made there between runs."""
        return None

    def _connect(self) -> psycopg.Connection[Any]:
        address = self._address
        try:
            return psycopg.connect(
                host=address.host, port=address.port, user=address.user, password=address.password,
                dbname=address.database, sslmode=address.sslmode, connect_timeout=10, autocommit=True,
                application_name="prodparity",
            )  # fmt: skip
        except psycopg.Error as cause:
            said = " ".join(str(cause).split())
            if address.password:
                said = said.replace(address.password, "***")
        raise ProdparityError(
            f"Could not connect to {address}: {said}",
            fix="correct --parity-database, or leave it out to use an embedded PostgreSQL",
        )

    def _check_identity(self, connection: psycopg.Connection[Any]) -> None:
        if self._production and self._identities and self._production in self._identities(connection):
            raise UsageError(
                f"{self._address} is on the server that the profile was captured from: production. A run never works there.",
                fix="name a server for tests, or leave --parity-database out",
            )


def _check_name(address: Address) -> None:
    for what, name in (("host", address.host), ("database", address.database), ("user", address.user)):
        if _PRODUCTION.search(name):
            raise _looks(address, f"its {what} is called {name!r}")
    if _HOSTED.search(address.host) and not _NOT_PRODUCTION.search(f"{address.host} {address.database}"):
        raise _looks(address, f"{address.host!r} is a hosted server, and neither it nor {address.database!r} says test")


def _check_clients(connection: psycopg.Connection[Any], address: Address) -> None:
    row = connection.execute(
        "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE client_addr IS NOT NULL"
        " AND client_addr IS DISTINCT FROM pg_catalog.inet_client_addr()"
    ).fetchone()
    if row is not None and row[0] >= CROWD:
        raise _looks(address, f"{row[0]} clients of other machines are connected to it")


def _check_rights(connection: psycopg.Connection[Any], address: Address) -> bool:
    row = connection.execute(
        "SELECT rolsuper, rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = current_user"
    ).fetchone()
    superuser, creates = row or (False, False)
    if not (superuser or creates):
        raise ProdparityError(
            f"{address.user!r} may not create databases on {address.host}:{address.port}.",
            fix=f'as a superuser there: ALTER ROLE "{address.user}" CREATEDB',
        )
    return bool(superuser)


def _looks(address: Address, why: str) -> UsageError:
    return UsageError(
        f"{address} looks like production: {why}. It is not used.",
        tried="Databases would be created and dropped on it",
        fix="name a server for tests, or leave --parity-database out to use an embedded PostgreSQL",
    )
