"""`python -m benchmarks NAME [NAME …]`, `--list`.

A benchmark is a module `benchmarks/<name with underscores>.py` with a docstring (its first line is shown by `--list`)
and `run() -> tuple[list[list[str]], dict[str, object]]`: a table, header first, and the figures. A figure that could
not be taken is None.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

NAMES = sorted(path.stem.replace("_", "-") for path in Path(__file__).parent.glob("[a-z]*.py"))


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, in order."""
    if arguments == ["--list"] or not arguments:
        for name in NAMES:
            module = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
            print(f"{name:12} {(module.__doc__ or '').splitlines()[0]}")
        return 0
    wrong = [name for name in arguments if name not in NAMES]
    if wrong:
        print(f"no benchmark {wrong[0]!r}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in arguments:
        table, figures = importlib.import_module(f"benchmarks.{name.replace('-', '_')}").run()
        widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
        for row in table:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        print(f"{name} {json.dumps(figures)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
