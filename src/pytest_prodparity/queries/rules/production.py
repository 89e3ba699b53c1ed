"""The line that says what production would do."""

from __future__ import annotations

from ..clock import estimate
from ..reading import Reading, Step
from ..wording import duration, node, timeout


def outlook(reading: Reading, step: Step | None = None) -> str:
    """`Parallel Seq Scan on orders, about 9 s; statement_timeout is 5 s`."""
    seconds = estimate(reading)
    parts = [node(step, reading.profile)] if step else []
    if seconds is not None:
        parts.append(f"about {duration(seconds)}")
    text = ", ".join(parts)
    limit = timeout(reading.profile)
    if limit is not None and seconds is not None and seconds > limit:
        text += f"; statement_timeout is {duration(limit)}"
    return text
