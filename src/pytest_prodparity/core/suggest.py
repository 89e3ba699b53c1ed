"""'Did you mean': the nearest of some names, ready to be appended to a message."""

from __future__ import annotations

from collections.abc import Iterable


def closest(wrong: str, names: Iterable[str]) -> str:
    """`" (did you mean 'x'?)"`, or the empty string where nothing is near."""
    from difflib import get_close_matches  # a slow import, needed only to explain a mistake

    near = get_close_matches(wrong, list(names), n=1, cutoff=0.5)
    return f" (did you mean {near[0]!r}?)" if near else ""
