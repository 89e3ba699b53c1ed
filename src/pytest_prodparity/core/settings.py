"""The settings of a run, from all their sources, checked.

Precedence: flag > environment > `[tool.prodparity]` > default. None means "not said".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .errors import UsageError
from .levels import DIALS, Dials, Faults, Level, Races, Rows, parse_bytes, parse_latency
from .options import OPTIONS
from .rules import RULES
from .suggest import closest


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """A run's settings, checked."""

    root: Path
    """pytest's rootdir; relative paths are relative to it."""
    level: Level = Level.DEV
    database: str = "auto"
    seed: int = 0
    report: Path = Path(".prodparity/report.json")
    profile: Path = Path("parity")
    image: str | None = None
    replay: str | None = None
    allow_external: bool = False
    isolation: str = "auto"
    mark: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[Level, Mapping[str, object]] = field(default_factory=dict)
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    record: str = "none"
    http: Mapping[str, object] = field(default_factory=dict)
    """`recordings.choices` reads it."""
    gated: bool = False
    gate: Mapping[str, object] = field(default_factory=dict)
    """`gate.policy` reads it."""

    @property
    def dials(self) -> Dials:
        """What the level of this run turns on."""
        said = self.levels.get(self.level, {})
        checked = {dial: DIAL_PARSERS[dial](said[dial], "", self.level) for dial in DIAL_PARSERS if dial in said}
        return replace(DIALS[self.level], **checked)

    @property
    def replayed_fault(self) -> str | None:
        """The token of one scenario under a fault."""
        return None if self.replayed_race is not None else self.replay

    @property
    def replayed_race(self) -> str | None:
        """The token of one order of a race."""
        return self.replay if self.replay is not None and self.replay.startswith("r:") else None

    @property
    def unapplied(self) -> tuple[str, ...]:
        """Dials that the table sets for this level and that this version does not turn on; shown, never silent."""
        return tuple(
            f"levels.{self.level}.{dial}" for dial in self.levels.get(self.level, {}) if dial not in DIAL_PARSERS
        )


def _choice_or_url(said: object, where: str) -> str:
    choices = ("auto", "embedded", "docker")
    if isinstance(said, str) and (said in choices or "://" in said):
        return said
    raise UsageError(
        f"{where}: database {said!r} does not exist{closest(str(said), choices)}.",
        fix=f"use one of {', '.join(choices)}, or a URL such as postgresql://user@127.0.0.1/test",
    )


def _level(said: object, where: str) -> Level:
    try:
        return Level.parse(said)
    except UsageError as wrong:
        raise UsageError(f"{where}: {wrong.happened}", fix=wrong.fix) from None


def _number(said: object, where: str) -> int:
    try:
        if isinstance(said, bool) or not isinstance(said, (int, str)):
            raise ValueError
        return int(said)
    except ValueError:
        raise UsageError(f"{where}: {said!r} is not a whole number.", fix="write a number such as 7") from None


def _path(said: object, where: str) -> Path:
    if isinstance(said, str) and said:
        return Path(said)
    raise UsageError(f"{where}: {said!r} is not a path.")


def _text(said: object, where: str) -> str:
    if isinstance(said, str) and said:
        return said
    raise UsageError(f"{where}: {said!r} is not a text.")


def _token(said: object, where: str) -> str:
    if isinstance(said, str) and re.fullmatch(f"{SCENARIO}|{ORDER}", said.strip()):
        return said.strip()
    raise UsageError(
        f"{where}: {said!r} names no scenario.",
        fix="copy the token from a finding's replay line, such as f3a91c:reply-lost",
    )


def _flag(said: object, where: str) -> bool:
    if isinstance(said, bool):
        return said
    raise UsageError(f"{where}: {said!r} is neither true nor false.")


ORDER = r"r:\d+:[0-9x.]+~[0-9a-f]{4}"
SCENARIO = r"[0-9a-f]{6}:[A-Za-z0-9-]+(:(window|persistent))?"
"""A scenario's token: its trip, its fault, and how long that lasts."""
ISOLATIONS = ("auto", "delta", "clone")


def _isolation(said: object, where: str) -> str:
    if isinstance(said, str) and said in ISOLATIONS:
        return said
    raise UsageError(
        f"{where}: isolation {said!r} does not exist{closest(str(said), ISOLATIONS)}.",
        fix=f"use one of {', '.join(ISOLATIONS)}",
    )


RECORD_MODES = ("none", "once", "all")


def _record(said: object, where: str) -> str:
    if isinstance(said, str) and said in RECORD_MODES:
        return said
    raise UsageError(
        f"{where}: record mode {said!r} does not exist{closest(str(said), RECORD_MODES)}.",
        fix=f"use one of {', '.join(RECORD_MODES)}",
    )


def _http(said: object, where: str) -> Mapping[str, object]:
    if isinstance(said, dict):
        return said
    raise UsageError(f"{where}: {said!r} is not a table.", fix="write [tool.prodparity.http]")


def _globs(said: object, where: str) -> tuple[str, ...]:
    if isinstance(said, list) and all(isinstance(entry, str) for entry in said):
        return tuple(said)
    raise UsageError(f"{where}: {said!r} is not a list of patterns.", fix='write mark = ["tests/db/**"]')


PLACEHOLDERS = ("db.url", "db.async_url", "db.dsn", "db.host", "db.port", "db.name", "db.user", "db.password")


def _environment(said: object, where: str) -> Mapping[str, str]:
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise UsageError(f"{where}: {said!r} is not a table of texts.", fix='write DATABASE_URL = "{db.url}"')
    for name, value in said.items():
        for found in re.findall(r"\{([^{}]*)\}", value):
            if found.startswith("db") and found not in PLACEHOLDERS:
                raise UsageError(
                    f"{where}.{name}: {{{found}}} does not exist{closest(found, PLACEHOLDERS)}.",
                    fix="use one of " + ", ".join(f"{{{known}}}" for known in PLACEHOLDERS),
                )
    return dict(said)


def _rows(said: object, where: str, level: Level) -> Rows:
    try:
        return Rows.parse(said, level)
    except UsageError as wrong:
        raise UsageError(f"{where}: {wrong.happened}", fix=wrong.fix) from None


def _bytes(said: object, where: str, _level: Level) -> int:
    try:
        return parse_bytes(said)
    except UsageError as wrong:
        raise UsageError(f"{where}: {wrong.happened}", fix=wrong.fix) from None


def _faults(said: object, where: str, level: Level) -> Faults:
    try:
        return Faults.parse(said, level)
    except UsageError as wrong:
        raise UsageError(f"{where}: {wrong.happened}", fix=wrong.fix) from None


def _races(said: object, where: str, level: Level) -> Races:
    try:
        return Races.parse(said, level)
    except UsageError as wrong:
        raise UsageError(f"{where}: {wrong.happened}", fix=wrong.fix) from None


def _latency(said: object, where: str, _level: Level) -> object:
    try:
        return parse_latency(said)
    except UsageError as wrong:
        raise UsageError(f"{where}: {wrong.happened}", fix=wrong.fix) from None


DIAL_PARSERS: dict[str, Callable[[object, str, Level], Any]] = {
    "rows": _rows,
    "twin": lambda said, where, _level: _flag(said, where),
    "growth": lambda said, where, _level: _flag(said, where),
    "faults": _faults,
    "races": _races,
    "max_bytes": _bytes,
    "latency": _latency,
}
"""By dial that this version turns on: what was said, where and for which level, to the value; raises UsageError."""

KNOWN_DIALS = (*DIAL_PARSERS, "auth", "environment")


def _levels(said: object, where: str) -> Mapping[Level, Mapping[str, object]]:
    if not isinstance(said, dict) or not all(isinstance(value, dict) for value in said.values()):
        raise UsageError(f"{where}: {said!r} is not a table of levels.", fix="write [tool.prodparity.levels.staging]")
    checked = {}
    for name, dials in said.items():
        level = _level(name, where)
        for dial in dials:
            if dial not in KNOWN_DIALS:
                raise UsageError(
                    f"{where}.{name}: dial {dial!r} does not exist{closest(dial, KNOWN_DIALS)}.",
                    fix=f"use one of {', '.join(KNOWN_DIALS)}",
                )
        for dial in (dial for dial in dials if dial in DIAL_PARSERS):
            DIAL_PARSERS[dial](dials[dial], f"{where}.{name}.{dial}", level)
        checked[level] = dict(dials)
    return checked


def _thresholds(said: object, where: str) -> Mapping[str, Mapping[str, float]]:
    if not isinstance(said, dict):
        raise UsageError(f"{where}: {said!r} is not a table of rules.", fix="write [tool.prodparity.rules.seq-scan]")
    for rule, values in said.items():
        if rule not in RULES:
            raise UsageError(
                f"{where}: rule {rule!r} does not exist{closest(rule, RULES)}.", fix=f"use one of {', '.join(RULES)}"
            )
        if not isinstance(values, dict):
            raise UsageError(f"{where}.{rule}: {values!r} is not a table of thresholds.")
        known = RULES[rule].thresholds
        for key, value in values.items():
            if key not in known:
                have = f"it has {', '.join(known)}" if known else "it has none"
                raise UsageError(f"{where}.{rule}: threshold {key!r} does not exist{closest(key, known)}; {have}.")
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                raise UsageError(f"{where}.{rule}.{key}: {value!r} is not a number, zero or more.")
    return {rule: {key: float(value) for key, value in values.items()} for rule, values in said.items()}


def _policy(said: object, where: str) -> Mapping[str, object]:
    if isinstance(said, dict):
        return said
    raise UsageError(f"{where}: {said!r} is not a table.", fix="write [tool.prodparity.gate]")


PARSERS: dict[str, Callable[[object, str], Any]] = {
    "level": _level,
    "database": _choice_or_url,
    "seed": _number,
    "report": _path,
    "profile": _path,
    "image": _text,
    "replay": _token,
    "allow_external": _flag,
    "isolation": _isolation,
    "record": _record,
    "http": _http,
    "mark": _globs,
    "env": _environment,
    "levels": _levels,
    "rules": _thresholds,
    "gated": _flag,
    "gate": _policy,
}
"""By option: what was said and where, to the value; raises UsageError."""


def resolve(
    root: Path, flags: Mapping[str, object], environment: Mapping[str, str], table: Mapping[str, object]
) -> Settings:
    """Settings from all sources; raises UsageError that names the source of a wrong value."""
    names = [option.name for option in OPTIONS]
    for key in table:
        if key not in names:
            raise UsageError(
                f"[tool.prodparity]: unknown key {key!r}{closest(key, names)}.", fix=f"use one of {', '.join(names)}"
            )
    known = {option.environment for option in OPTIONS if option.environment}
    said: dict[str, object] = {}
    for option in OPTIONS:
        attribute = "thresholds" if option.name == "rules" else option.name
        if option.flag is not None and flags.get(option.name) is not None:
            said[attribute] = PARSERS[option.name](flags[option.name], option.flag)
        elif option.environment in known and environment.get(option.environment or ""):
            said[attribute] = PARSERS[option.name](environment[option.environment or ""], str(option.environment))
        elif option.name in table:
            said[attribute] = PARSERS[option.name](table[option.name], f"[tool.prodparity] {option.name}")
    return Settings(root=root, **said)  # type: ignore[arg-type]


def read_table(root: Path) -> Mapping[str, object]:
    """`[tool.prodparity]` of the root's pyproject.toml; empty where there is none."""
    path = root / "pyproject.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as cause:
        raise UsageError(f"{path} cannot be read: {cause}.") from cause
    if "prodparity" not in text:
        return {}
    import tomllib

    try:
        table = tomllib.loads(text).get("tool", {}).get("prodparity", {})
    except tomllib.TOMLDecodeError as cause:
        raise UsageError(f"{path} is not TOML: {cause}.") from None
    if not isinstance(table, dict):
        raise UsageError(f"{path}: [tool.prodparity] is not a table.")
    return table
