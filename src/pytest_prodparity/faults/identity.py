"""What a trip is, apart from its number: the same in each run of a test that goes the same way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2s

from ..core.findings import Source
from ..queries.fingerprint import shape

CONNECT = "connect"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A trip, or the opening of a connection."""

    where: str
    """`path function` of the innermost line of the user's; empty where there is none. Without the line, which moves."""
    what: str
    """The statements' fingerprints, or `connect`."""
    nth: int
    """Which one of those in the call, from 1."""

    @property
    def token(self) -> str:
        """Six hexadecimal digits."""
        text = "\0".join((self.where, self.what, str(self.nth)))
        return blake2s(text.encode(), digest_size=3).hexdigest()


class Namer:
    """Names the trips of one run in their order."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def name(self, source: Source | None, statements: Sequence[str] | None, protocol: str = "postgres") -> Identity:
        """The next one; `statements` is None for a connection that is opened."""
        where = f"{source.path} {source.function}" if source is not None else ""
        if statements is None:
            what = CONNECT
        elif protocol == "postgres":
            what = " ; ".join(shape(sql).key for sql in statements)
        else:
            what = re.sub(r"[0-9a-f]{8,}|\d+", "?", " ; ".join(statements))
        self._counts[where, what] += 1
        return Identity(where=where, what=what, nth=self._counts[where, what])
