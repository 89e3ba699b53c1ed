"""Make the README's picture from a real run of the demo.

    python tools/picture.py

Runs `prodparity demo` in a temporary folder, with colours, and writes what the terminal showed as
`docs/_static/demo.svg`. Run it again whenever the demo or the report's look changes.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

TARGET = Path(__file__).parent.parent / "docs/_static/demo.svg"
WIDTH = 110
COMMAND = [sys.executable, "-c", "from pytest_prodparity.cli import main; main()", "demo"]


def main() -> None:
    """Run, render, write."""
    environment = {**os.environ, "COLUMNS": str(WIDTH), "PY_COLORS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            COMMAND, cwd=folder, env=environment, stdin=subprocess.DEVNULL, text=True, check=True, capture_output=True
        )
    shown = done.stdout.partition("\n\nNext, ")[0]
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi("$ prodparity demo\n" + shown), soft_wrap=True)
    picture = console.export_svg(title="prodparity demo", font_aspect_ratio=0.61)
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)  # no font is fetched from anywhere
    picture = picture.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
    TARGET.write_text(picture, encoding="utf-8")
    print(f"{TARGET}: {len(shown.splitlines())} lines")


if __name__ == "__main__":
    main()
