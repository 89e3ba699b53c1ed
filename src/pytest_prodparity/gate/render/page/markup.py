"""Markup in which text is text: what was not made by `tag` is escaped, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from ..terminal import clean

VOID = frozenset(("meta", "input", "br", "hr"))


class Html(str):
    """Markup that was made here."""

    __slots__ = ()


Part: TypeAlias = "str | Html | None"


def said(text: object, *, lines: bool = False) -> Html:
    """Text without control characters, half characters and what turns the writing around; with `lines` on its own lines."""
    written = str(text)
    if lines:
        return Html("\n".join(said(line) if line.isprintable() else _indented(line) for line in written.splitlines()))
    return Html(escape(written if written.isprintable() else clean(written)))


def _indented(line: str) -> str:
    return escape(clean(line.expandtabs(2), keep_indent=True))


def tag(name: str, /, *parts: Part, **attributes: str | bool | None) -> Html:
    """An element; `class_`, `for_` and `data_rule` are `class`, `for` and `data-rule`. What is None or False is left out."""
    told = "".join(
        f" {_named(key)}" if value is True else f' {_named(key)}="{said(value)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{together(parts)}</{name}>")


def together(parts: Iterable[Part]) -> Html:
    """One after the other."""
    return Html("".join(part if isinstance(part, Html) else said(part) for part in parts if part is not None))


def short(text: str, most: int) -> str:
    """At most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def hidden(text: str) -> Html:
    """Only for screen readers."""
    return tag("span", text, class_="vh")


def scrolling(part: Html, label: str, class_: str = "scroll") -> Html:
    """Wider than the screen, and to be scrolled with the keyboard, too."""
    return tag("div", part, class_=class_, tabindex="0", role="region", aria_label=label)


def _named(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
