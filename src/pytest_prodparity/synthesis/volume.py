"""A volume database: what it will hold, whether there is room for it, and its template, built once and kept."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as dtime
from typing import Any, Protocol

import psycopg
from psycopg.conninfo import conninfo_to_dict

from ..core.errors import ProdparityError, UsageError
from ..core.levels import GB, VOLUMES, Level, Rows
from ..databases.provider import Server
from ..databases.room import free as free_bytes
from ..databases.schema import GENERATION
from ..databases.template import Templates
from ..profile.scale import find
from ..profile.store import Stored
from . import build, plan

WAL = GB
"""What the server keeps of its log between two checkpoints, at most."""
MARGIN = 64 << 20
PARTS = (0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001, 0.0001)
"""By which fewer rows are tried, to name a number that fits."""
NOTES = 40
"""Sentences on what was approximated that a template's label keeps."""


class Fill(Protocol):
    """`build.fill`."""

    def __call__(
        self, dsn: str, stored: Stored, counts: Mapping[str, int], *, seed: int,
        progress: build.Progress | None = None, server: Server | None = None, now: datetime | None = None,
    ) -> build.Filled:  # fmt: skip
        """Make and fill."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """What a volume database is to hold."""

    stored: Stored
    counts: Mapping[str, int]
    """Rows of each table that holds some itself, by full name."""
    estimate: int
    """Bytes."""
    seed: int
    level: Level
    rows: Rows
    overrides: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.counts.values())

    @property
    def dial(self) -> str:
        """`10 %, at most 1,000,000 a table; orders 5,000,000`."""
        return "; ".join((str(self.rows), *(f"{name} {count:,}" for name, count in self.overrides.items())))

    def key(self, server: Server, day: date) -> str:
        """All that the rows follow from; production's time axis ends as `day` begins."""
        counts = json.dumps(self.counts, sort_keys=True)
        version = f"{build.VERSION} {GENERATION} {server.version // 10000}"
        return f"volume {version} {self.stored.key} {self.seed} {day} {counts}"


def planned(
    stored: Stored, *, level: Level, rows: Rows, seed: int, overrides: Mapping[str, int] | None = None
) -> Volume:
    """What a run at `level` begins with. `overrides`: rows of single tables, whatever the level has.

    Raises UsageError for a table that the profile has not.
    """
    named = {find(stored.profile, name).full_name: count for name, count in (overrides or {}).items()}
    counts = plan.counts(stored.profile, rows=rows, overrides=named)
    return Volume(
        stored=stored, counts=counts, estimate=plan.bytes_of(stored.profile, counts), seed=seed, level=level,
        rows=rows, overrides=named,
    )  # fmt: skip


def check_size(volume: Volume, max_bytes: int) -> None:
    """Before anything starts; raises UsageError where the volume would become larger than `max_bytes`."""
    if volume.estimate <= max_bytes:
        return
    level = volume.level
    smaller = "fewer rows in rows=…" if volume.overrides else _smaller(volume, max_bytes)
    larger = f'[tool.prodparity.levels.{level}] max_bytes = "{_gb(volume.estimate * 1.1)}"'
    raise UsageError(
        f"A volume of {volume.total:,} rows would have about {amount(volume.estimate)};"
        f" level {level} builds at most {amount(max_bytes)} (max_bytes).",
        tried=f"Rows: {volume.dial}; the most in {_largest(volume)}",
        fix=", or ".join(filter(None, (smaller, larger))),
    )


def check_disk(volume: Volume, server: Server, free: Callable[[Server], int | None] | None = None) -> None:
    """Before it is built; raises ProdparityError where the template and one copy of it have no room.

    Where the server's disk cannot be seen from here, nothing is said.
    """
    room, needed = (free or free_bytes)(server), _needed(volume)
    if room is None or room >= needed:
        return
    smaller = _smaller(volume, max(1, (room - MARGIN) // 3))
    raise ProdparityError(
        f"A volume of {volume.total:,} rows needs about {amount(needed)} of disk; {amount(room)} are free"
        f" where the server keeps its data ({server.data}).",
        tried=f"Counted: the kept database, about {amount(volume.estimate)}, one copy of it for a test, and the log",
        fix=f"{smaller + ', or ' if smaller else ''}prodparity cache prune, or PRODPARITY_CACHE=FOLDER on another disk",
    )


def enough_disk(volume: Volume, server: Server) -> bool:
    """Has the server's disk room, as far as one can tell?"""
    room = free_bytes(server)
    return room is None or room >= _needed(volume)


def _needed(volume: Volume) -> int:
    """The template, one copy of it, and the log."""
    return 2 * volume.estimate + min(volume.estimate, WAL) + MARGIN


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """What a volume's template says about itself."""

    profile: str
    """Production's database, and the profile's key."""
    level: str
    rows: str
    seed: int
    total: int
    seconds: float
    notes: list[str] = field(default_factory=list)

    def written(self) -> str:
        """As text."""
        said = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps({"volume": said}, ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> Label | None:
        """None where the text is not a volume's label, or another version's."""
        try:
            said: Any = json.loads(text)["volume"]
            return cls(**{name: said[name] for name in cls.__slots__})
        except (ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A volume's template, whole."""

    template: str
    built: bool
    """By this call, not found."""
    size: int
    """Bytes."""
    content: int
    """Bytes beyond those of any empty database."""
    total: int
    seconds: float
    """That the build took, whoever built it."""
    notes: tuple[str, ...] = ()


def ensure(
    templates: Templates,
    volume: Volume,
    *,
    progress: build.Progress | None = None,
    waiting: Callable[[float], None] | None = None,
    fill: Fill = build.fill,
) -> Opened:
    """The template of this volume; built where it is not there, by one process while others wait.

    One whose time axis ended yesterday is as good: a run over midnight builds nothing anew. Raises ProdparityError: no
    room, or a table that cannot be filled.
    """
    began: list[float] = []
    today = datetime.now(UTC).date()
    key = _kept_key(templates, volume) or volume.key(templates.server, today)

    def make(owner: str) -> str:
        server = templates.server
        if not enough_disk(volume, server):
            templates.reclaim()
        check_disk(volume, server)
        began.append(time.monotonic())
        # The schema's own loader makes it, and hands everything over to the owner at the end.
        dsn = server.dsn(str(conninfo_to_dict(owner)["dbname"]))
        now = datetime.combine(today, dtime(), UTC)
        filled = _filled(
            lambda: fill(
                dsn, volume.stored, volume.counts, seed=volume.seed, progress=progress, server=server, now=now
            ),
            volume,
            server,
        )
        return Label(
            profile=f"{volume.stored.profile.database} {volume.stored.key[:8]}",
            level=str(volume.level),
            rows=volume.dial,
            seed=volume.seed,
            total=sum(filled.rows.values()),
            seconds=round(time.monotonic() - began[0], 1),
            notes=_shortened(filled.notes),
        ).written()

    template = templates.ensure(key, make, waiting=waiting)
    if began:
        templates.ready(template)
    label = Label.read(templates.label(template))
    size = templates.size(template)
    return Opened(
        template=template,
        built=bool(began),
        size=size,
        content=max(0, size - templates.size("template0")),
        total=label.total if label else volume.total,
        seconds=label.seconds if label else 0.0,
        notes=tuple(label.notes) if label else (),
    )


def kept(templates: Templates, volume: Volume) -> str | None:
    """The template of this volume where it is built; None where it is not."""
    key = _kept_key(templates, volume)
    return None if key is None else templates.find(key)


def _shortened(notes: list[str]) -> list[str]:
    """As many as a label keeps."""
    if len(notes) <= NOTES:
        return notes
    return [*notes[: NOTES - 1], f"and {len(notes) - NOTES + 1:,} more"]


def _kept_key(templates: Templates, volume: Volume) -> str | None:
    today = datetime.now(UTC).date()
    keys = (volume.key(templates.server, today - timedelta(days=days)) for days in (1, 0))
    return next((key for key in keys if templates.find(key)), None)


def _filled(fill: Callable[[], build.Filled], volume: Volume, server: Server) -> build.Filled:
    """Whatever goes wrong is said with a way out."""
    dial = f"[tool.prodparity.levels.{volume.level}] rows = 0"
    out = f"{dial}, to test with production's schema and no rows"
    try:
        return fill()
    except psycopg.errors.DiskFull as cause:
        raise ProdparityError(
            f"No space left on the server's disk while the volume was built: {cause.diag.message_primary}.",
            tried=f"Its estimate was {amount(volume.estimate)}",
            fix=f"free some space (prodparity cache prune), ask for fewer rows, or {out}",
        ) from cause
    except psycopg.OperationalError as cause:
        # A server that cannot write its log ends.
        room = free_bytes(server)
        free = "" if room is None else f" {amount(room)} are free on its disk now."
        raise ProdparityError(
            f"The server was lost while the volume was built: {' '.join(str(cause).split())}.{free}",
            fix=f"free some space (prodparity cache prune) where the disk was full, ask for fewer rows, or {out}",
        ) from cause
    except psycopg.Error as cause:
        raise ProdparityError(f"The volume could not be built: {str(cause).strip()}", fix=out) from cause
    except ProdparityError as cause:
        if cause.fix and "rows = 0" in cause.fix:
            fix = cause.fix.replace("rows = 0", dial, 1) if dial not in cause.fix else cause.fix
        else:
            fix = f"{cause.fix}; or {out}" if cause.fix else out
        raise ProdparityError(cause.happened, tried=cause.tried, fix=fix) from cause


def _smaller(volume: Volume, room: int) -> str | None:
    """Fewer rows that fit, tried, as the dial is written; None where none do, or the rows come from elsewhere."""
    if volume.overrides:
        return None
    profile, asked = volume.stored.profile, volume.rows
    usual = asked.most is None and VOLUMES[volume.level].most is None
    most = asked.most or max(volume.counts.values())
    shares = [Rows(share=asked.share * part, most=most) for part in PARTS]
    # what the most cuts off is not made smaller by the share
    caps = [Rows(share=asked.share, most=int(float(f"{most * part:.1g}"))) for part in PARTS] if asked.most else []
    for rows in (*caps, *shares):
        if rows and plan.bytes_of(profile, plan.counts(profile, rows=rows)) <= room:
            share = "all" if rows.share == 1 else f"{rows.share * 100:.3g}%"
            return f'[tool.prodparity.levels.{volume.level}] rows = "{share}' + (
                '"' if usual else f', at most {rows.most:_}"'
            )
    return None


def _largest(volume: Volume) -> str:
    name, count = max(volume.counts.items(), key=lambda one: one[1])
    return f"{name}, {count:,}"


def _gb(size: float) -> str:
    return f"{math.ceil(size / GB)} GB" if size > GB else f"{math.ceil(size / (1 << 20))} MB"


def amount(size: float) -> str:
    """`131 MB`, in powers of 1024 as PostgreSQL's own pg_size_pretty."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"
