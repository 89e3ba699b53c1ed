"""Where production is: any spelling of its URL, and how to name it without its password."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from ..core.errors import UsageError

VARIABLE = "PRODPARITY_PRODUCTION_URL"
_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://", re.IGNORECASE)
_PASSWORD = re.compile(
    r"://[^/?#]*?:([^/?#]*)@|[?&\s]?(?:ssl)?password\s*=\s*('(?:[^'\\]|\\.)*'|[^&\s]+)", re.IGNORECASE
)
_EXAMPLE = "prodparity capture postgresql://reader@db.example.com/shop  (the password from PGPASSWORD or ~/.pgpass)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Connection parameters by libpq's names. Neither `repr` nor `str` shows a secret."""

    parameters: dict[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        get = self.parameters.get
        host = get("host") or get("hostaddr") or os.environ.get("PGHOST") or "the local socket"
        port = get("port") or os.environ.get("PGPORT") or "5432"
        database = get("dbname") or os.environ.get("PGDATABASE") or "its default database"
        if "service" in self.parameters or (not self.parameters and "PGSERVICE" in os.environ):
            return f"service {get('service') or os.environ['PGSERVICE']}"
        return f"{database} at {host}:{port}"

    @property
    def user(self) -> str:
        """The role's name as far as it was said."""
        return self.parameters.get("user") or os.environ.get("PGUSER") or "your system user"

    def scrub(self, text: str) -> str:
        """`text` without the password, in either of the spellings in which it may appear."""
        return scrub(text, self.secrets)


def scrub(text: str, secrets: tuple[str, ...]) -> str:
    """Replace each secret, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def parse(url: str | None) -> Address:
    """An Address from a libpq or SQLAlchemy URL, a `key=value` string, or nothing (then libpq's own PG* variables).

    Raises UsageError, never with the password in it.
    """
    text = (url or "").strip()
    secrets = _secrets(text)
    scheme = re.match(r"^([A-Za-z][\w+.-]*)://", text)
    if scheme and not re.match(r"^postgres(ql)?(\+\w+)?$", scheme[1], re.IGNORECASE):
        raise UsageError(
            f"{scheme[1]}:// is not PostgreSQL; capture reads PostgreSQL only.", fix=f"for example: {_EXAMPLE}"
        )
    text = _DRIVER.sub(r"postgresql://", text)
    if text and not scheme and "=" not in text:
        raise UsageError(f"{scrub(text, secrets)!r} is not a database URL.", fix=f"for example: {_EXAMPLE}")
    # asyncpg's name for what libpq calls sslmode
    text = re.sub(r"([?&])ssl=([\w-]+)", r"\1sslmode=\2", text)
    try:
        found = conninfo_to_dict(text)
    except psycopg.ProgrammingError as cause:
        said = " ".join(scrub(str(cause), secrets).split())
        raise UsageError(
            f"The database URL is not understood: {said}.",
            fix="percent-encode special characters in user and password (@ is %40), and leave out parameters "
            "that libpq does not know",
        ) from None
    parameters = {key: str(value) for key, value in found.items() if value is not None}
    known = {parameters[key] for key in ("password", "sslpassword", "oauth_client_secret") if parameters.get(key)}
    return Address(parameters=parameters, secrets=tuple(sorted(known | set(secrets))))


def _secrets(text: str) -> tuple[str, ...]:
    """Passwords as far as they can be told from the bare text, also where it cannot be parsed."""
    found = {part.strip("'") for match in _PASSWORD.finditer(text) for part in match.groups() if part}
    found |= {unquote(part) for part in found}
    found |= {os.environ[name] for name in ("PGPASSWORD", "PGSSLPASSWORD") if os.environ.get(name)}
    return tuple(sorted(part for part in found if part))
