"""One process that makes rows: `python -m pytest_prodparity.synthesis.worker`, started and fed by `team`."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

import psycopg

from ..core.errors import ProdparityError
from .load import work
from .team import unpacked


def main() -> int:
    """Read the order from standard input, then a block a line."""
    # from the process that started this one, over its pipe
    dsn, folder, packed = pickle.load(sys.stdin.buffer)  # noqa: S301
    jobs = unpacked(packed, Path(folder))

    def take() -> tuple[int, int] | None:
        print("next", flush=True)  # noqa: T201
        words = sys.stdin.buffer.readline().split()
        if not words:
            raise SystemExit(3)
        return None if words[0] == b"end" else (int(words[0]), int(words[1]))

    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = off")
            work(connection, jobs, take, _sent)
    except ProdparityError as cause:
        print(json.dumps({"happened": cause.happened, "tried": cause.tried, "fix": cause.fix}), flush=True)  # noqa: T201
        return 0
    print("done", flush=True)  # noqa: T201
    return 0


def _sent(number: int, count: int) -> None:
    """The next question tells."""


if __name__ == "__main__":
    sys.exit(main())
