"""`prodparity demo`: a small shop whose mock tests pass, and what its production would make of them."""

from __future__ import annotations

import importlib.resources
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import click

from ..core.errors import ProdparityError, UsageError

NAME = "prodparity-demo"
LEVEL = "staging"


@click.command(name="demo", short_help="Show what mock tests miss, in a small shop.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help=f"Where to put the shop: a new or empty folder.  [default: ./{NAME}, or the next free number]",
)
def command(folder: Path | None) -> None:
    """Show what mock tests miss, in a small shop.

    Copies the shop to a folder, runs its mock tests, which pass, then the same tests in production's world: its
    profile has 12 million orders. Needs no Docker, reaches no network, and never overwrites a file.
    """
    target, fresh = place(folder)
    if fresh:
        _copy(target)
    shown = _shown(target)
    orders = _orders(target)
    click.echo(f"1/3  A small shop is in {shown}. Its production has {orders:,} orders.")

    click.echo("\n2/3  Its tests, as they are often written, on mocks:\n     pytest tests/test_mocks.py")
    mocks = _pytest(target, "tests/test_mocks.py")
    if mocks != 0:
        raise _unexpected("the mock tests did not pass", mocks, target)

    click.echo(
        "\n3/3  The same tests on a real database, judged by production's plans:\n"
        f"     pytest tests/test_parity.py --parity-level={LEVEL}"
    )
    report = target / ".prodparity" / "report.json"
    report.unlink(missing_ok=True)
    status = _pytest(
        target,
        "tests/test_parity.py",
        "-p",
        "pytest_prodparity.plugin",
        f"--parity-level={LEVEL}",
        "--parity-database=embedded",
    )
    if status != 1 or not report.exists():
        raise _unexpected("the marked tests did not run", status, target)
    failed, found = _outcome(report)
    if not found or failed != found:
        raise _unexpected("the marked tests did not fail by their findings alone", status, target)
    click.echo(
        f"\n{_count(target)} tests pass on mocks; {len(found)} of them fail in production, and the report above says why."
    )
    click.echo(_next(shown))


def place(folder: Path | None) -> tuple[Path, bool]:
    """The folder to run in, and whether it still has to be filled."""
    if folder is not None:
        if folder.exists() and any(folder.iterdir()):
            if _untouched(folder):
                return folder.resolve(), False
            raise UsageError(
                f"{folder} exists and is not empty; nothing was changed.", fix="prodparity demo --to ANOTHER-FOLDER"
            )
        return folder.resolve(), True
    number = 1
    while True:
        target = Path.cwd() / (NAME if number == 1 else f"{NAME}-{number}")
        if not target.exists():
            return target, True
        if target.is_dir() and _untouched(target):
            return target, False
        number += 1


def shipped(at: Traversable | None = None, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """Every file of the shop, path -> content; not what Python itself left beside them."""
    at = at or importlib.resources.files("pytest_prodparity") / "demo"
    for entry in sorted(at.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith((".", "__pycache__")) or entry.name.endswith(".pyc"):
            continue
        if entry.is_dir():
            yield from shipped(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _untouched(folder: Path) -> bool:
    """Is this the shop as it was copied, so that the demo can run in it again?"""
    return all((folder / name).is_file() and (folder / name).read_bytes() == data for name, data in shipped())


def _copy(folder: Path) -> None:
    try:
        for name, data in shipped():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(data)
    except OSError as cause:
        raise UsageError(
            f"The shop could not be copied to {folder}: {cause.strerror or cause}.",
            fix="prodparity demo --to FOLDER, a folder that you may write to",
        ) from cause


def _pytest(folder: Path, *arguments: str) -> int:
    """Run pytest on the shop as if nothing else were installed or configured; its output goes where ours goes."""
    ours = ("PRODPARITY_CACHE", "PRODPARITY_PG_BIN")
    foreign = ("PYTEST_", "PRODPARITY_", "PYTHONWARNINGS")
    environment = {name: value for name, value in os.environ.items() if name in ours or not name.startswith(foreign)}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.stdout.flush()
    call = [
        sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir=.", "-q", "--no-header", "--tb=no", "-rN",
        "-p", "no:cacheprovider", *arguments,
    ]  # fmt: skip
    with subprocess.Popen(call, cwd=folder, env=environment, stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait(timeout=30)  # it got the same signal, and has a server to stop
            raise


def _outcome(report: Path) -> tuple[set[str], set[str]]:
    """The tests that failed, and the tests with findings."""
    tests: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["tests"]
    return {test["id"] for test in tests if test["outcome"] == "failed"}, {
        test["id"] for test in tests if test["findings"]
    }


def _count(folder: Path) -> int:
    return (folder / "tests/test_mocks.py").read_text(encoding="utf-8").count("\ndef test_")


def _orders(folder: Path) -> int:
    from ..profile.store import load

    orders = load(folder / "parity").profile.table("orders")
    assert orders is not None
    return int(round(orders.rows, -5))


def _shown(folder: Path) -> str:
    """As the user would type it from here."""
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)


def _unexpected(what: str, status: int, folder: Path) -> ProdparityError:
    return ProdparityError(
        f"The demo did not run as expected: {what} (pytest's exit status {status}).",
        tried=f"The shop is in {folder}; pytest's own words are above.",
        fix="prodparity doctor",
    )


def _next(shown: str) -> str:
    shop = [
        ("cd " + shown, ""),
        (f"pytest tests/test_parity.py --parity-level={LEVEL} -v", "every plan in full"),
        ('prodparity explain "SELECT * FROM orders WHERE customer_id = 7"', "production's plan for any statement"),
    ]
    yours = [
        ("prodparity capture postgresql://readonly@production.example/db", "schema and statistics, no rows"),
        ("@pytest.mark.prodparity", "on a test that uses parity_db"),
        (f"pytest --parity-level={LEVEL}", ""),
    ]
    lines = []
    for where, steps in (("in the shop", shop), ("in your own project", yours)):
        lines += ["", f"Next, {where}:", *(f"  {typed:64} {why}".rstrip() for typed, why in steps)]
    return "\n".join(lines)
