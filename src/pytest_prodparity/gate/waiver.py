"""Findings that somebody has taken responsibility for, until a day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase

from ..core.errors import UsageError
from ..core.globs import matcher
from ..core.rules import RULES
from ..core.suggest import closest

NEEDED = ("rule", "reason", "owner", "until")
NARROW = ("subject", "path", "fingerprint")
_EXAMPLE = (
    'write rule = "seq-scan", subject = "countries", reason = "40 rows for years", owner = "ada", until = 2027-06-30'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """One entry of `[[tool.prodparity.gate.waivers]]`."""

    rule: str
    reason: str
    owner: str
    until: date
    """The last day on which it holds."""
    subject: str | None = None
    """May hold `*` and `?`."""
    path: str | None = None
    """A pattern of files."""
    fingerprint: str | None = None

    def __str__(self) -> str:
        narrow = [f"{name} {value}" for name in NARROW if (value := getattr(self, name)) is not None]
        return f"{self.rule} ({', '.join(narrow)})"

    def covers(self, *, rule: str, subject: str, path: str, fingerprint: str, renamed: bool = False) -> bool:
        """`renamed`: half of the fingerprint suffices, the half that leaves the file out."""
        if rule != self.rule:
            return False
        if self.subject is not None and not _is_named(subject, self.subject):
            return False
        if self.path is not None and not matcher((self.path,))(path):
            return False
        if self.fingerprint is None or fingerprint == self.fingerprint:
            return True
        return renamed and fingerprint[:8] == self.fingerprint[:8]

    @classmethod
    def parse(cls, said: object, where: str) -> Waiver:
        """Raises UsageError that says what is missing or wrong."""
        if not isinstance(said, Mapping):
            raise UsageError(f"{where}: {said!r} is not a table.", fix="write [[tool.prodparity.gate.waivers]]")
        known = (*NEEDED, *NARROW)
        for key, value in said.items():
            if key not in known:
                raise UsageError(
                    f"{where}: unknown key {key!r}{closest(key, known)}.", fix=f"use one of {', '.join(known)}"
                )
            if key != "until" and not (isinstance(value, str) and value.strip()):
                raise UsageError(f"{where}.{key}: {value!r} is not a text.", fix=_EXAMPLE)
        if missing := [key for key in NEEDED if key not in said]:
            raise UsageError(f"{where}: {' and '.join(missing)} missing.", fix=_EXAMPLE)
        if said["rule"] not in RULES:
            raise UsageError(
                f"{where}.rule: rule {said['rule']!r} does not exist{closest(said['rule'], RULES)}.",
                fix=f"use one of {', '.join(RULES)}",
            )
        if not any(key in said for key in NARROW):
            raise UsageError(
                f"{where}: it would waive every {said['rule']}; a subject, a path or a fingerprint is missing.",
                fix=f'to leave the whole rule out: [tool.prodparity.gate.rules] {said["rule"]} = "ignore"',
            )
        fingerprint = said.get("fingerprint")
        if fingerprint is not None and not re.fullmatch("[0-9a-f]{16}", fingerprint):
            raise UsageError(
                f"{where}.fingerprint: {fingerprint!r} is no fingerprint: 16 hexadecimal digits.",
                fix="copy it from the output of prodparity gate",
            )
        return cls(**{**said, "until": _day(said["until"], f"{where}.until")})


def _day(said: object, where: str) -> date:
    if isinstance(said, date) and not isinstance(said, datetime):
        return said
    try:
        if isinstance(said, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", said):
            return date.fromisoformat(said)
    except ValueError:
        pass
    raise UsageError(f"{where}: {str(said)!r} is not a day.", fix="write until = 2027-06-30")


def _is_named(subject: str, pattern: str) -> bool:
    """As in a marker's `allow`."""
    names = (subject, f"public.{subject}")
    return pattern in names or any(fnmatchcase(name, pattern) for name in names)
