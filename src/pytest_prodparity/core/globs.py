"""File patterns with `**`, as in `mark = ["tests/db/**"]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

PARTS = {"**/": r"(?:[^/]+/)*", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Tells whether a path with forward slashes matches any pattern; `*` stays inside one folder, `**` does not."""
    expressions = []
    for pattern in patterns:
        parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
        expressions.append("".join(PARTS.get(part, re.escape(part)) for part in parts))
    joined = re.compile("|".join(f"(?:{expression})" for expression in expressions))
    return lambda path: joined.fullmatch(path) is not None
