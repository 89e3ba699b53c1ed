"""Numbers and plans in words."""

from __future__ import annotations

import re

from ..profile.model import Profile, Table
from .fingerprint import masked
from .reading import CONDITIONS, Reading, Step

_UNITS = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_TIMES = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def count(number: float) -> str:
    """`48,211,904`; rounded where it is an estimate so large that its digits say nothing."""
    return f"{round(number):,}" if number < 1e12 else f"{number:.1e}"


def rows(number: float) -> str:
    """`1 row`, `12 rows`."""
    return f"{count(number)} row{'' if round(number) == 1 else 's'}"


def size(octets: float) -> str:
    """`1.9 GB`."""
    for unit, each in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if octets >= each:
            number = octets / each
            return f"{number:.1f} {unit}" if number < 10 else f"{number:,.0f} {unit}"
    return f"{octets:.0f} bytes"


def duration(seconds: float) -> str:
    """`under 1 ms`, `40 ms`, `1.5 s`, `9 s`, `4 min`, `3 h`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.0005 else "under 1 ms"
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:,.0f} h" if seconds < 172_800 else f"{seconds / 86400:,.0f} days"


def name(table: Table, profile: Profile) -> str:
    """`orders`; `sales.orders` where the bare name means another table, or none."""
    path = [each.strip().strip('"') for each in profile.settings.get("search_path", "public").split(",")]
    for schema in (*path, "public"):
        if profile.table(f"{schema}.{table.name}") is not None:
            return table.name if schema == table.schema else table.full_name
    return table.full_name


def memory(text: str | None) -> float | None:
    """A memory setting as SHOW prints it, in bytes; a bare number is in kB."""
    return _quantity(text, _UNITS, 1024)


def seconds(text: str | None) -> float | None:
    """A time setting as SHOW prints it, in seconds; a bare number is in ms."""
    return _quantity(text, _TIMES, 1e-3)


def _quantity(text: str | None, units: dict[str, float] | dict[str, int], bare: float) -> float | None:
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text or "")
    if not found or (found.group(2) and found.group(2) not in units):
        return None
    return float(found.group(1)) * (units[found.group(2)] if found.group(2) else bare)


def timeout(profile: Profile) -> float | None:
    """Production's `statement_timeout` for the application's role, in seconds; None where there is none."""
    own = next((role.settings.get("statement_timeout") for role in profile.roles if role.name == profile.role), None)
    limit = seconds(own or profile.settings.get("statement_timeout"))
    return limit if limit and limit > 0 else None


def node(step: Step, profile: Profile) -> str:
    """`Parallel Seq Scan on orders`."""
    parallel = "Parallel " if step.node.get("Parallel Aware") else ""
    table = profile.table(step.node.table) if step.node.table else None
    using = f" using {step.node.get('Index Name')}" if step.node.get("Index Name") and table else ""
    return f"{parallel}{step.type}{using}" + (f" on {name(table, profile)}" if table else "")


def lines(reading: Reading) -> tuple[str, ...]:
    """The plan as EXPLAIN prints it, without the values of its conditions."""
    out: list[str] = []
    _lines(reading.root, reading.profile, 0, out)
    return tuple(out)


def _lines(step: Step, profile: Profile, depth: int, out: list[str]) -> None:
    pad = "  " * depth
    arrow = "->  " if depth else ""
    raw = step.node
    label = step.type
    if label == "Aggregate":
        label = {"Hashed": "HashAggregate", "Sorted": "GroupAggregate"}.get(str(raw.get("Strategy")), label)
    elif raw.get("Join Type") not in (None, "Inner"):
        label = f"{label} {raw.get('Join Type')} Join".replace("Join Left Join", "Left Join")
    text = node(step, profile).replace(step.type, label, 1)
    about = f"(cost={float(raw.get('Startup Cost') or 0):.2f}..{step.node.cost:.2f} rows={step.node.rows:.0f} width={raw.get('Plan Width') or 0})"
    out.append(f"{pad}{arrow}{text}  {about}")
    inset = f"{pad}{'      ' if depth else '  '}"
    fields = (*CONDITIONS, "Sort Key", "Group Key")
    out += [f"{inset}{field}: {masked(step.text(field))}" for field in fields if raw.get(field)]
    for below in step.below:
        if below.node.get("Subplan Name"):
            out.append(f"{inset}{below.node.get('Subplan Name')}")
        _lines(below, profile, depth + 1, out)
