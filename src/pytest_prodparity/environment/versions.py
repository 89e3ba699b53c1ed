"""Where another version behaves otherwise: a table of known differences, each with its source. No version alone is a fault."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """From this version on."""

    since: tuple[int, ...]
    says: str
    source: str


_DJANGO = "https://docs.djangoproject.com/en/"
_POSTGRES = "https://www.postgresql.org/docs/release/"
_PYTHON = "https://docs.python.org/3/whatsnew/"

KNOWN: Mapping[str, tuple[Difference, ...]] = {
    "PostgreSQL": (
        Difference(since=(14,), says="password_encryption is scram-sha-256 by default", source=f"{_POSTGRES}14.0/"),
        Difference(since=(15,), says="only owners may create in the schema public", source=f"{_POSTGRES}15.0/"),
        Difference(
            since=(16,),
            says="CREATEROLE no longer reaches roles that one does not administer",
            source=f"{_POSTGRES}16.0/",
        ),
        Difference(
            since=(17,),
            says="expression indexes and materialized views are maintained under a safe search_path",
            source=f"{_POSTGRES}17.0/",
        ),
        Difference(
            since=(18,),
            says="the session's time zone abbreviations go before timezone_abbreviations; COPY of CSV does not end at \\.",
            source=f"{_POSTGRES}18.0/",
        ),
    ),
    "Python": (
        Difference(since=(3, 12), says="distutils is gone", source=f"{_PYTHON}3.12.html"),
        Difference(
            since=(3, 13),
            says="the modules of PEP 594 (cgi, crypt, telnetlib, …) are gone",
            source=f"{_PYTHON}3.13.html",
        ),
        Difference(
            since=(3, 14),
            says="asyncio.get_event_loop() raises without a loop; multiprocessing on Linux starts by forkserver",
            source=f"{_PYTHON}3.14.html",
        ),
    ),
    "django": (Difference(since=(5, 0), says="USE_TZ is true by default", source=f"{_DJANGO}5.0/releases/5.0/"),),
    "sqlalchemy": (
        Difference(
            since=(2, 0),
            says="no autocommit; Query and strings as statements behave otherwise",
            source="https://docs.sqlalchemy.org/en/20/changelog/migration_20.html",
        ),
    ),
    "pydantic": (
        Difference(
            since=(2,),
            says="validation and required fields behave otherwise",
            source="https://docs.pydantic.dev/latest/migration/",
        ),
    ),
    "urllib3": (
        Difference(
            since=(2,),
            says="TLS 1.2 is the least",
            source="https://urllib3.readthedocs.io/en/stable/v2-migration-guide.html",
        ),
    ),
    "numpy": (
        Difference(
            since=(2,),
            says="types are promoted otherwise",
            source="https://numpy.org/doc/stable/numpy_2_0_migration_guide.html",
        ),
    ),
}
DRIVERS = ("psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "pg8000", "sqlalchemy", "django")
"""Their minor versions are told too: what they do with connections and types is what tests are about."""


def differing(packages: Mapping[str, str], python: str | None, server: int | None, tested_on: int | None) -> list[str]:
    """Lines for the report: what production runs, what the tests run, and what is known to differ in between.

    `server` and `tested_on` are `server_version_num`. Packages that this environment lacks are not imported by the tests.
    """
    lines = []
    if server is not None and tested_on is not None and server // 10000 != tested_on // 10000:
        lines.append(_line("PostgreSQL", str(server // 10000), str(tested_on // 10000)))
    here = "{}.{}.{}".format(*sys.version_info[:3])
    if python is not None and _numbers(python)[:2] != _numbers(here)[:2]:
        lines.append(_line("Python", python, here))
    for name, version in sorted(packages.items()):
        if name not in KNOWN and name not in DRIVERS:
            continue
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        depth = 2 if name in DRIVERS else 1
        if _numbers(version)[:depth] != _numbers(installed)[:depth]:
            lines.append(_line(name, version, installed))
    return lines


def _line(name: str, production: str, here: str) -> str:
    low, high = sorted((_numbers(production), _numbers(here)))
    known = [one for one in KNOWN.get(name, ()) if _between(low, one.since, high)]
    text = f"version-drift: production has {name} {production}, tests run on {here}"
    return text + "".join(f"; since {'.'.join(map(str, one.since))} {one.says} ({one.source})" for one in known)


def _between(low: tuple[int, ...], since: tuple[int, ...], high: tuple[int, ...]) -> bool:
    return low[: len(since)] < since <= high[: len(since)]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])
