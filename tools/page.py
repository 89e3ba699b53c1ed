"""Make the README's picture of the page from a real run of the demo.

    python tools/page.py

Runs `prodparity demo` in a temporary folder, makes the page of its report and takes `docs/_static/page.png` of it in Chromium. Run it again whenever the
demo or the page changes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.browser.chromium import chromium

TARGET = Path(__file__).parent.parent / "docs/_static/page.png"
COMMAND = [sys.executable, "-c", "from pytest_prodparity.cli import main; main()"]


def main() -> None:
    """Run, render, take."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            [*COMMAND, "demo", "--to", "shop"], cwd=folder, stdin=subprocess.DEVNULL, check=True, capture_output=True
        )
        shop, page = folder / "shop", folder / "page.html"
        subprocess.run([*COMMAND, "report", "--format", "html", "-o", str(page)], cwd=shop, check=True)
        (folder / "chromium").mkdir()
        with chromium(folder / "chromium") as browser:
            browser.open(page, width=1100, height=1000)
            browser.picture(TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
