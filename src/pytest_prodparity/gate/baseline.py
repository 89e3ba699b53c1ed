"""Old code's findings: known, and allowed to become fewer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import ProdparityError, UsageError
from ..core.levels import Level
from .gathered import Gathered, Met
from .whole import write_whole

FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """One line of the file."""

    path: str
    rule: str
    subject: str
    fingerprint: str
    count: int
    """Lines that have it."""
    level: Level
    """The lowest at which it was met; a run below says nothing about it."""

    @property
    def without_file(self) -> tuple[str, str, str]:
        """What a renamed file leaves as it is."""
        return self.fingerprint[:8], self.rule, self.subject


@dataclass(frozen=True, kw_only=True, slots=True)
class Matched:
    """A baseline held against findings."""

    known: Mapping[str, int] = field(default_factory=dict)
    """By fingerprint: how many lines of it are known."""
    gone: tuple[Known, ...] = ()
    """What is there no more, as far as the level tells."""
    kept: tuple[Known, ...] = ()
    """The baseline without what is gone, with new names of files."""


def match(baseline: Iterable[Known], found: Gathered) -> Matched:
    """Each finding by its fingerprint; what is then left on both sides by the half that leaves the file out."""
    known: dict[str, int] = {}
    gone: list[Known] = []
    kept: list[Known] = []
    level = max((run.level for run in found.runs), default=Level.OFF)
    left: dict[tuple[str, str, str], list[Known]] = {}
    for entry in sorted(baseline, key=order):
        met = found.findings.get(entry.fingerprint)
        if met is None:
            left.setdefault(entry.without_file, []).append(entry)
        else:
            known[entry.fingerprint] = entry.count
            kept.append(entry_of(met, most=entry.count))
    for met in sorted(found.findings.values(), key=lambda met: met.fingerprint) if left else ():
        entries = left.get((met.fingerprint[:8], met.rule, met.subject))
        if met.fingerprint not in known and entries:
            count = known[met.fingerprint] = entries.pop(0).count
            kept.append(entry_of(met, most=count))
    for entry in (entry for entries in left.values() for entry in entries):
        (gone if entry.level <= level else kept).append(entry)
    return Matched(known=known, gone=tuple(sorted(gone, key=order)), kept=tuple(sorted(kept, key=order)))


def entry_of(met: Met, most: int | None = None) -> Known:
    """A finding as the baseline has it, with at most so many lines."""
    count = len(met.places) if most is None else min(most, len(met.places))
    return Known(
        path=met.path, rule=met.rule, subject=met.subject, fingerprint=met.fingerprint, count=count, level=met.lowest
    )


def load(path: Path) -> list[Known]:
    """Raises UsageError where there is none, ProdparityError where it is broken."""
    try:
        data = json.loads(path.read_bytes())
        if data["format"] > FORMAT:
            raise ProdparityError(
                f"The baseline {path} has format {data['format']}; this version reads up to {FORMAT}.",
                fix="pip install --upgrade pytest-prodparity",
            )
        return [
            Known(**{**entry, "count": int(entry["count"]), "level": Level.parse(entry["level"])})
            for entry in data["findings"]
        ]
    except FileNotFoundError:
        raise UsageError(
            f"There is no baseline {path}.",
            fix=f"prodparity gate --baseline {path} --update makes one of today's findings",
        ) from None
    except OSError as cause:
        raise ProdparityError(f"The baseline {path} cannot be read: {cause.strerror or cause}.") from None
    except (ValueError, KeyError, TypeError, UsageError) as wrong:
        raise ProdparityError(
            f"The baseline {path} is broken: {' '.join(str(wrong).split())[:200]}.",
            fix="take the last good one from version control; after a conflict, keep the lines of both sides",
        ) from None


def save(path: Path, entries: Iterable[Known]) -> None:
    """One finding a line, sorted, whole or not at all."""
    lines = [
        json.dumps(
            {
                "path": entry.path, "rule": entry.rule, "subject": entry.subject, "fingerprint": entry.fingerprint,
                "count": entry.count, "level": str(entry.level),
            }
        )
        for entry in sorted(entries, key=order)
    ]  # fmt: skip
    body = ",\n".join(lines)
    write_whole(
        path,
        f'{{"format": {FORMAT}, "findings": [\n{body}\n]}}\n',
        what="baseline",
        fix="give a path that can be written",
    )


def order(entry: Known) -> tuple[str, str, str, str]:
    """As the file is sorted."""
    return entry.path, entry.rule, entry.subject, entry.fingerprint
