"""What a fidelity says, as rows for a table, and as a page that needs nothing but itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ProdparityError

if TYPE_CHECKING:
    from ..synthesis.fidelity import ColumnFidelity, Curve, Fidelity

Tables = list[tuple[str, list[str], list[list[str]]]]
_PLOTS = 24
_WIDTH, _HEIGHT = 320, 150
_MOST = 4.0
"""Where the axis of the overview ends, in units of what is near enough."""


def tables(found: Fidelity) -> Tables:
    """Titles, headers and rows."""
    return [
        (
            "Columns, the worst first",
            ["column", "null", "distinct", "top values", "KS", "corr.", ""],
            [
                [
                    _short(f"{one.table}.{one.column}"), _points(one.null), _ratio(one.distinct), _share(one.top),
                    _share(one.ks), _signed(one.correlation), one.why,
                ]
                for one in found.columns
            ],
        ),
        (
            "Children per parent",
            ["foreign key", "production", "volume", "ratio", "childless", "in the volume"],
            [
                [
                    f"{_short(one.table)} ({', '.join(one.columns)}) -> {_short(one.parent)}", f"{one.children:,.2f}",
                    f"{one.ours:,.2f}", _ratio(one.ratio), f"{one.childless:.0%}", f"{one.childless_ours:.0%}",
                ]
                for one in found.fan_out
            ],
        ),
        (
            "Joins along the foreign keys: rows a row of the first table",
            ["join", "production", "volume", "ratio", "plan"],
            [
                [
                    one.statement, f"{one.expected:,.3g}", f"{one.ours:,.3g}", _ratio(one.ratio),
                    {None: "", True: "the same", False: "another"}[one.same_plan],
                ]
                for one in found.joins
            ],
        ),
    ]  # fmt: skip


def summary(found: Fidelity) -> str:
    """One sentence."""
    far = sum(1 for one in found.columns if one.score > 1)
    wide = sum(1 for one in found.fan_out if one.score > 1)
    off = sum(1 for one in found.joins if one.score > 1)
    compared = sum(1 for one in found.columns if one.null is not None)
    return (
        f"{compared - far} of {compared} columns, {len(found.fan_out) - wide} of {len(found.fan_out)} foreign keys and"
        f" {len(found.joins) - off} of {len(found.joins)} joins are near production's."
    )


def _short(name: str) -> str:
    return name.removeprefix("public.")


def _points(value: float | None) -> str:
    return "" if value is None else f"{value * 100:+.1f} %"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else "∞" if math.isinf(value) else f"{value:.2f}"


def write(path: Path, found: Fidelity) -> None:
    """Raises ProdparityError where it cannot be written."""
    try:
        path.write_text(page(found), encoding="utf-8")
    except OSError as cause:
        raise ProdparityError(
            f"{path} could not be written: {cause.strerror or cause}.", fix="--html FILE in a folder that exists"
        ) from None


def page(found: Fidelity) -> str:
    """HTML with inline plots; nothing is loaded from elsewhere, and nothing in it runs."""
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>Fidelity of {escape(found.database)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>Fidelity of {escape(found.database)}</h1>",
        f"<p>{found.rows:,} rows. {escape(summary(found))}</p>",
        *(f"<p>{escape(note)}</p>" for note in found.notes),
        "<h2>Columns by distance</h2>",
        "<p>A dot is a column; the line is what is near enough. Point at a dot for its name.</p>",
        _overview(found.columns),
        "<h2>Distributions, the worst first</h2>",
        "<p><span class='theirs'>production</span> and <span class='ours'>the volume</span>:"
        " the share of values up to each.</p><div class='plots'>",
    ]
    worst = sorted((one for one in found.columns if one.curves and one.ks is not None), key=lambda one: -(one.ks or 0))
    parts += [_plot(one) for one in worst[:_PLOTS]]
    parts.append("</div>")
    for title, names, rows in tables(found):
        parts.append(f"<h2>{escape(title)}</h2>")
        parts.append(_grid(names, rows) if rows else "<p>None.</p>")
    parts.append("</body></html>\n")
    return "\n".join(parts)


def _grid(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _overview(columns: Sequence[ColumnFidelity]) -> str:
    """A row of dots for each measure, placed by distance in units of what is near enough."""
    from ..synthesis import fidelity

    lines = (
        ("null", fidelity.NULL), ("top", fidelity.TOP), ("ks", fidelity.KS), ("correlation", fidelity.CORRELATION),
    )  # fmt: skip
    width, left, high = 760, 110, 44
    scale = (width - left - 20) / _MOST
    shapes = [f"<line class='enough' x1='{left + scale:.1f}' x2='{left + scale:.1f}' y1='0' y2='{high * len(lines)}'/>"]
    for row, (name, enough) in enumerate(lines):
        y = high * row + high / 2
        shapes.append(f"<text x='0' y='{y + 4:.0f}'>{escape(name)} ({enough:g})</text>")
        shapes.append(f"<line class='axis' x1='{left}' x2='{width}' y1='{y}' y2='{y}'/>")
        for at, one in enumerate(columns):
            value = getattr(one, name)
            if value is None:
                continue
            x = left + min(abs(value) / enough, _MOST) * scale
            title = escape(f"{one.table}.{one.column}: {value:+.4f}")
            shapes.append(
                f"<circle cx='{x:.1f}' cy='{y + (at % 5 - 2) * 4:.1f}' r='3.5'><title>{title}</title></circle>"
            )
    return f"<svg role='img' width='{width}' height='{high * len(lines)}'>{''.join(shapes)}</svg>"


def _plot(one: ColumnFidelity) -> str:
    assert one.curves is not None
    theirs, ours = one.curves
    name = escape(f"{one.table}.{one.column}")
    return (
        f"<figure><figcaption>{name}<br>KS {one.ks:.3f}</figcaption>"
        f"<svg role='img' aria-label='{name}' width='{_WIDTH}' height='{_HEIGHT}'>"
        f"<polyline class='theirs' points='{_points_of(theirs)}'/><polyline class='ours' points='{_points_of(ours)}'/>"
        "</svg></figure>"
    )


def _points_of(curve: Curve) -> str:
    # a far outlier must not push all others into one line
    low, high = float(curve.at[min(1, len(curve.at) - 1)]), float(curve.at[max(0, len(curve.at) - 2)])
    span = (high - low) or 1.0
    points = (
        (min(1.0, max(0.0, (float(at) - low) / span)) * (_WIDTH - 2) + 1, (1 - float(share)) * (_HEIGHT - 2) + 1)
        for at, share in zip(curve.at, curve.share, strict=True)
    )
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1080px;margin:2em auto;padding:0 1em;color:#1b1f24;background:#fff}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.2em .8em;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left;overflow-wrap:anywhere}
.plots{display:flex;flex-wrap:wrap;gap:1em}figure{margin:0}figcaption{font-size:13px;overflow-wrap:anywhere;max-width:320px}
svg{overflow:visible}svg text{font-size:12px;fill:currentColor}figure svg{border:1px solid #ddd}
polyline{fill:none;stroke-width:1.6}polyline.theirs{stroke:#0b63c5}polyline.ours{stroke:#d2580b;stroke-dasharray:5 3}
span.theirs{color:#0b63c5}span.ours{color:#d2580b}circle{fill:#0b63c5;fill-opacity:.45}
line.axis{stroke:#ddd}line.enough{stroke:#d2580b;stroke-dasharray:4 3}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#15181c}td,th,figure svg{border-color:#3a3f45}line.axis{stroke:#3a3f45}}
"""
