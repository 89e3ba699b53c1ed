"""Secrets that are left in a cassette, whoever recorded it: told by their places, since nobody knows their values."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from . import places, store
from .placeholders import JWT
from .secrets import Vault
from .store import Tape

_TAKEN_OUT = re.compile(
    r"redact|dummy|filter|scrub|placeholder|fake|mock|sanitiz|censor|masked|hidden|removed|example|x{4}|\*{3}|\.{3}|"
    r"^<.*>$|^\[.*\]$|^\{.*\}$|^%.*%$|^\$|^your[_-]",
    re.IGNORECASE,
)


class Left(NamedTuple):
    """One secret in a cassette."""

    path: Path
    line: int
    kind: str
    value: str
    """Never shown."""


def left(path: Path) -> list[Left]:
    """In the order of their lines. Raises UsageError for what is no cassette."""
    tape = store.read(path)
    if tape is None:
        return []
    text = path.read_text(encoding="utf-8")
    found: dict[str, Left] = {}
    for exchange in tape.exchanges:
        for value, kind in places.of(exchange):
            if value not in found and kind != "basic" and not _taken_out(value, tape):
                found[value] = Left(path, _line(text, value), kind, value)
    return sorted(found.values(), key=lambda one: one.line)


def _taken_out(value: str, tape: Tape) -> bool:
    """Is it what somebody put in a secret's place?"""
    ours = {one.placeholder for one in tape.placeholders}
    if value in ours or len(set(value)) <= 2 or _TAKEN_OUT.search(value):
        return True
    # Told again from inside a JWT of ours, or from a form of one of them.
    return any(value in each for each in ours)


def _line(text: str, value: str) -> int:
    """Where it stands; of what stands nowhere as it is, the first line of its first part."""
    for spelled in (value, quote(value, safe=""), value[: len(value) // 2], _base64(value)):
        at = text.find(spelled) if spelled else -1
        if at >= 0:
            return text.count("\n", 0, at) + 1
    return 1


def _base64(value: str) -> str:
    """The middle of it, whatever stands before: as in Basic, after a user's name."""
    raw = value.encode("utf-8", "surrogateescape")
    return base64.b64encode(raw).decode()[: len(raw) * 8 // 6]


def scrub(path: Path) -> int:
    """Put placeholders in their places, and leave all else of the file as it is; how many secrets. Raises SecretFound."""
    found = left(path)
    if not found:
        return 0
    vault = Vault({})
    for one in found:
        vault.learn(one.value, one.kind)
    tape = store.read(path)
    for exchange in tape.exchanges if tape is not None else ():
        for value, kind in places.of(exchange):
            if kind == "basic":
                vault.stand(value, vault.field("Authorization", f"Basic {value}")[6:])
    known = {value: kind for value, kind in vault.known.items() if kind != "value" and not JWT.fullmatch(value)}
    with store.locked(path):
        store.save(path, vault.data(path.read_bytes()), known)
    return len(found)
