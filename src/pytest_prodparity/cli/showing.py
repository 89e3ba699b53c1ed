"""Numbers and times as the commands print them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from ..core.settings import read_table, resolve
from ..profile.model import Profile


def folder() -> Path:
    """The profile's folder as the settings of the current directory have it."""
    here = Path.cwd()
    return resolve(here, {}, os.environ, read_table(here)).profile


def size(count: float) -> str:
    """`1.9 TB`, in powers of 1024 as PostgreSQL's own pg_size_pretty."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TB"


def rows(count: float) -> str:
    """`48,211,904`."""
    return f"{count:,.0f}"


def age(captured_at: str) -> str:
    """`3 days ago`; the text itself where it is no time."""
    try:
        then = datetime.fromisoformat(captured_at)
    except ValueError:
        return captured_at
    return since((then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp())


def since(then: float) -> str:
    """`3 days ago`, from seconds since 1970."""
    seconds = datetime.now(UTC).timestamp() - then
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def server(profile: Profile) -> str:
    """`PostgreSQL 16.4`."""
    return f"PostgreSQL {profile.server_version // 10000}.{profile.server_version % 10000}"
