"""The policy of a project: what of what was found keeps a change from being merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from ..core.errors import UsageError
from ..core.globs import matcher
from ..core.levels import Level
from ..core.rules import RULES
from ..core.suggest import closest
from .waiver import Waiver

WHERE = "[tool.prodparity] gate"
EVERY = "*"
"""In `rules`: whatever has no entry of its own."""


class Action(IntEnum):
    """What a finding does to the verdict."""

    IGNORE = 0
    WARN = 1
    BLOCK = 2

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, said: object, where: str) -> Action:
        """Raises UsageError with the nearest word."""
        words = [action.name.lower() for action in cls]
        if isinstance(said, str) and said in words:
            return cls[said.upper()]
        near = closest(said, words) if isinstance(said, str) else ""
        raise UsageError(f"{where}: {said!r} is no action{near}.", fix=f"use one of {', '.join(words)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Minimum:
    """How much must have been judged; only reports of `level` or above count."""

    judged: float = 0.0
    """Share of the statements, 0 to 1."""
    tests: int = 1
    """Marked tests that ran."""
    level: Level = Level.DEV

    @classmethod
    def parse(cls, said: object, where: str) -> Minimum:
        """Raises UsageError that names the part."""
        if not isinstance(said, Mapping):
            raise UsageError(f"{where}: {said!r} is not a table.", fix=_MINIMUM)
        known = ("judged", "tests", "level")
        for key, value in said.items():
            if key not in known:
                raise UsageError(
                    f"{where}: unknown key {key!r}{closest(key, known)}.", fix=f"use one of {', '.join(known)}"
                )
            if key == "judged" and not (_is_number(value, int | float) and 0 <= value <= 1):
                raise UsageError(
                    f"{where}.judged: {value!r} is no share between 0 and 1{_percent(value)}.", fix=_MINIMUM
                )
            if key == "tests" and not (_is_number(value, int) and value >= 1):
                raise UsageError(f"{where}.tests: {value!r} is no number of tests, 1 or more.", fix=_MINIMUM)
        given = dict(said)
        if "level" in given:
            try:
                given["level"] = Level.parse(given["level"])
            except UsageError as wrong:
                raise UsageError(f"{where}.level: {wrong.happened}", fix=wrong.fix) from None
        return cls(**given)


_MINIMUM = 'write minimum = { judged = 0.9, tests = 1, level = "dev" }'


def _is_number(said: object, kind: object) -> bool:
    return isinstance(said, kind) and not isinstance(said, bool)  # type: ignore[arg-type]


def _percent(said: object) -> str:
    return f" (did you mean {said / 100:g}?)" if isinstance(said, int | float) and 1 < said <= 100 else ""


Globs = tuple[tuple[str, Action], ...]
"""The first pattern that matches a path decides."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """`[tool.prodparity.gate]`, checked."""

    rules: Mapping[str, Globs] = field(default_factory=dict)
    """By rule, or `*`."""
    cannot_tell: Action = Action.IGNORE
    flaky: Action = Action.WARN
    failed: Action = Action.BLOCK
    """Tests that failed by themselves."""
    minimum: Minimum = Minimum()
    baseline: str | None = None
    waivers: tuple[Waiver, ...] = ()

    def action(self, rule: str, path: str) -> Action:
        """What a finding of this rule in this file does: the rule's own entry, then that of `*`, then block."""
        if rule == "flaky":
            return self.flaky
        for name in (rule, EVERY):
            for pattern, action in self.rules.get(name, ()):
                if matcher((pattern,))(path):
                    return action
        return Action.BLOCK

    @classmethod
    def parse(cls, table: Mapping[str, object], where: str = WHERE) -> Policy:
        """Raises UsageError that names the key."""
        known = ("rules", "cannot-tell", "flaky", "failed", "minimum", "baseline", "waivers")
        for key in table:
            if key not in known:
                raise UsageError(
                    f"{where}: unknown key {key!r}{closest(key, known)}.", fix=f"use one of {', '.join(known)}"
                )
        waivers, baseline = table.get("waivers", []), table.get("baseline")
        if not isinstance(waivers, list):
            raise UsageError(
                f"{where}.waivers: {waivers!r} is not a list.", fix="write [[tool.prodparity.gate.waivers]]"
            )
        if baseline is not None and not (isinstance(baseline, str) and baseline):
            raise UsageError(f"{where}.baseline: {baseline!r} is not a path.")
        actions = {
            key.replace("-", "_"): Action.parse(table[key], f"{where}.{key}")
            for key in ("cannot-tell", "flaky", "failed")
            if key in table
        }
        return cls(
            rules=_rules(table.get("rules", {}), f"{where}.rules"),
            minimum=Minimum.parse(table.get("minimum", {}), f"{where}.minimum"),
            baseline=baseline,
            waivers=tuple(Waiver.parse(said, f"{where}.waivers[{at}]") for at, said in enumerate(waivers)),
            **actions,
        )


def _rules(said: object, where: str) -> dict[str, Globs]:
    if not isinstance(said, Mapping):
        raise UsageError(f"{where}: {said!r} is not a table of rules.", fix="write [tool.prodparity.gate.rules]")
    rules: dict[str, Globs] = {}
    for rule, value in said.items():
        if rule == "flaky":
            raise UsageError(f"{where}.flaky: flaky is no rule of a file.", fix='write flaky = "warn" beside rules')
        if rule not in RULES and rule != EVERY:
            names = ", ".join((EVERY, *RULES))
            raise UsageError(f"{where}: rule {rule!r} does not exist{closest(rule, RULES)}.", fix=f"use one of {names}")
        globs = value if isinstance(value, Mapping) else {"**": value}
        rules[rule] = tuple(
            (pattern, Action.parse(action, f"{where}.{rule}" + (f".{pattern!r}" if globs is value else "")))
            for pattern, action in globs.items()
        )
    return rules
