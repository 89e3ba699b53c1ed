"""A Dockerfile: the ENV, USER and Python of the stage that runs."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from ..manifest import Manifest, Variable
from .found import Found, joined, text_of, variable

_IMAGE = re.compile(r"(?:^|/)python:(?P<version>\d+\.\d+(?:\.\d+)?)")


@dataclass
class _Stage:
    variables: dict[str, Variable] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    """Values of TZ, LANG and LC_ALL only."""
    user: str | None = None
    python: str | None = None

    def copy(self) -> _Stage:
        return _Stage(dict(self.variables), dict(self.known), self.user, self.python)


def read(path: Path, origin: str) -> Found:
    """The last stage's, with what it builds on in the same file. ARG is known while building only, and left out."""
    text = text_of(path)
    directive = re.match(r"\s*#\s*escape\s*=\s*(\S)", text)
    stages: dict[str, _Stage] = {}
    stage = _Stage()
    for line in joined(text, directive[1] if directive else "\\"):
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        if word.upper() == "FROM":
            stage = _from(rest, stages)
        elif word.upper() == "ENV":
            for name, value in _pairs(rest):
                stage.variables[name] = variable(name, value, origin)
                if name in ("TZ", "LANG", "LC_ALL"):
                    stage.known[name] = value
        elif word.upper() == "USER":
            stage.user = rest.partition(":")[0]
    uid = int(stage.user) if stage.user and stage.user.isdecimal() else 0 if stage.user == "root" else None
    notes = (
        (f"{origin}: USER {stage.user} is a name; its number is known in the container only",)
        if stage.user and uid is None
        else ()
    )
    return Found(
        manifest=Manifest(
            variables=stage.variables,
            python=stage.python,
            uid=uid,
            timezone=_plain(stage.known.get("TZ")),
            locale=_plain(stage.known.get("LC_ALL") or stage.known.get("LANG")),
        ),
        notes=notes,
    )


def _from(rest: str, stages: dict[str, _Stage]) -> _Stage:
    words = [word for word in rest.split() if not word.startswith("--")]
    image = words[0] if words else ""
    known = stages.get(image.lower())
    stage = known.copy() if known is not None else _Stage()
    found = _IMAGE.search(image)
    if found:
        stage.python = found["version"]
        stage.known.setdefault("LANG", "C.UTF-8")
        for name in ("PATH", "LANG", "PYTHON_VERSION"):
            stage.variables[name] = variable(name, None, "the image python")
    if len(words) > 2 and words[1].upper() == "AS":
        stages[words[2].lower()] = stage
    stages[str(len(stages))] = stage
    return stage


def _pairs(rest: str) -> list[tuple[str, str]]:
    """Of `A=1 B="two words"`, and of the old form `A one value`."""
    if "=" not in rest.partition(" ")[0]:
        name, _, value = rest.partition(" ")
        return [(name, value.strip())] if name else []
    try:
        words = shlex.split(rest, posix=True)
    except ValueError:  # a quote that is never closed
        words = rest.split()
    return [(name, value) for name, equals, value in (word.partition("=") for word in words) if name and equals]


def _plain(value: str | None) -> str | None:
    """None where it is not known before it runs: `$TIMEZONE`."""
    return value if value and re.fullmatch(r"[A-Za-z0-9_+\-/.@]{1,40}", value) else None
