"""A small static picture of latencies over time: no script, no colours of its own but for errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Protocol

_WIDE, _HIGH = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 10, 26
_ERROR = "#d1495b"
"""Readable on white and on black."""


class Point(Protocol):
    """One call, in seconds."""

    @property
    def at(self) -> float:
        """When it was due."""

    @property
    def latency(self) -> float:
        """How long it took."""

    @property
    def error(self) -> str | None:
        """None where it ended well."""


def picture(points: Sequence[Point], *, seconds: float, about: str) -> str:
    """Time across, latency upwards on a logarithmic scale; `about` is what a screen reader says."""
    low, high = _decades([point.latency for point in points])
    end = max([seconds, *(point.at for point in points)])

    def across(at: float) -> float:
        return _LEFT + (_WIDE - _LEFT - _RIGHT) * at / end

    def up(latency: float) -> float:
        share = (math.log10(max(latency, 10.0**low)) - low) / (high - low)
        return _HIGH - _BOTTOM - (_HIGH - _TOP - _BOTTOM) * share

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" role="img" fill="currentColor"'
        ' font-family="system-ui, sans-serif" font-size="11">',
        f"<title>{escape(about)}</title>",
    ]
    for decade in range(low, high + 1):
        y = up(10.0**decade)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDE - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" stroke-opacity=".2"/>'
        )
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_said(decade)}</text>')
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        anchor = {0.0: "start", 1.0: "end"}.get(share, "middle")
        parts.append(
            f'<text x="{across(end * share):.1f}" y="{_HIGH - 8}" text-anchor="{anchor}">{end * share:.3g} s</text>'
        )
    # One path for each kind keeps two thousand calls small.
    parts.append(_dots([(across(each.at), up(each.latency)) for each in points if each.error is None], "currentColor"))
    parts.append(_dots([(across(each.at), up(each.latency)) for each in points if each.error is not None], _ERROR))
    return "".join([*parts, "</svg>"])


def _decades(latencies: list[float]) -> tuple[int, int]:
    if not latencies:
        return -3, 0
    low = math.floor(math.log10(max(min(latencies), 1e-6)))
    return low, max(math.ceil(math.log10(max(*latencies, 1e-6))), low + 1)


def _said(decade: int) -> str:
    if decade < -3:
        return f"{10 ** (decade + 6)} µs"
    return f"{10 ** (decade + 3)} ms" if decade < 0 else f"{10**decade} s"


def _dots(places: list[tuple[float, float]], colour: str) -> str:
    if not places:
        return ""
    path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places)
    return f'<path d="{path}" stroke="{colour}" stroke-opacity=".6" stroke-width="2.5" stroke-linecap="round"/>'
