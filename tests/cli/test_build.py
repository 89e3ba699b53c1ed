"""`prodparity build` and `prodparity cache`, from the outside."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import pytest_prodparity
from pytest_prodparity.databases.embedded import Embedded
from tests.postgres.places import postmaster, until
from tests.project import Project, run_command

PARITY = Path(pytest_prodparity.__file__).parent / "demo" / "parity"


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="prodparity build ", dir="/var/tmp" if os.geteuid() == 0 else None))
    folder.chmod(0o755)
    yield folder
    for pid in [pid for data in folder.glob("**/data") if (pid := postmaster(data))]:
        os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shop(tmp_path: Path, place: Path) -> Project:
    """A project with the demo's profile: 42 million rows in production."""
    folder = tmp_path / "a shop"
    shutil.copytree(PARITY, folder / "parity")
    return Project(folder, place).write({"pyproject.toml": "[tool.prodparity]\nseed = 7\n"})


def kept(shop: Project) -> list[str]:
    return re.findall(r"^ ([0-9a-f]{16}) ", run_command(shop, "cache"), re.MULTILINE)


def test_a_volume_is_built_found_listed_and_removed(shop: Project) -> None:
    before = set(kept(shop))
    built = run_command(shop, "build", "--rows", "all, at most 500", "--rows", "products=700", "-v")
    assert re.search(r"^[\d,]+ rows of shop \(all, at most 500 a table; public.products 700\), about ", built)
    assert re.search(r"^ +700  public.products$", built, re.MULTILINE)
    assert re.search(r"^Built in [\d.]+ s: [\d,]+ rows, [\d.]+ MB\.", built, re.MULTILINE)
    again = run_command(shop, "build", "--rows", "all, at most 500", "--rows", "products=700")
    assert "Already built: " in again
    (name,) = set(kept(shop)) - before
    listed = run_command(shop, "cache", "-v")
    assert re.search(rf"^ {name} +shop [0-9a-f]{{8}} +dev +[\d,]+ +7 +[\d.]+ MB +just now", listed, re.MULTILINE)
    assert f"{name}: all, at most 500 a table; public.products 700; built in " in listed
    # used within the week: it stays
    assert "0 removed, " in run_command(shop, "cache", "prune")
    assert f"removed: {name}, " in run_command(shop, "cache", "prune", name[:6])
    assert set(kept(shop)) == before
    assert "Nothing of the name 'nowhere' is kept." in run_command(shop, "cache", "prune", "nowhere", status=2)


def test_one_table_can_be_asked_for_where_the_level_has_no_rows(shop: Project) -> None:
    shop.write({"pyproject.toml": "[tool.prodparity]\nseed = 7\n[tool.prodparity.levels.dev]\nrows = 0\n"})
    built = run_command(shop, "build", "--rows", "products=300", "-v")
    assert re.search(r"^ +300  public.products$", built, re.MULTILINE)
    assert "There is nothing to build" in run_command(shop, "build", "--rows", "products=0", status=2)


def test_all_can_be_removed(shop: Project) -> None:
    run_command(shop, "build", "--rows", "200")
    said = run_command(shop, "cache", "prune", "--all")
    assert re.search(r"^\d+ removed, [\d.]+ MB; 0 stay\.$", said, re.MULTILINE)
    assert "Nothing is kept." in run_command(shop, "cache")


def test_a_cache_that_no_run_has_used_is_no_error(shop: Project, tmp_path: Path) -> None:
    empty = tmp_path.parent / "none" if os.geteuid() else Path(tempfile.mkdtemp(dir="/var/tmp"))
    said = run_command(shop, "cache", environment={"PRODPARITY_CACHE": str(empty)})
    assert said == "Nothing is kept.\n"
    assert not list(empty.glob("clusters/*/data"))
    shutil.rmtree(empty, ignore_errors=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--level", "off"), "There is nothing to build: at level off tests begin with no rows (rows = 0)."),
        (("--rows", "al"), "--rows: 'al' is no number of rows (did you mean 'all'?)."),
        (("--rows", "orders=x"), "--rows orders=x: 'x' is no number of rows."),
        (("--rows", "1%", "--rows", "ordrs=5"), "the profile has no table 'ordrs' (did you mean 'orders'?)."),
        (("--level", "stging"), "--level: level 'stging' does not exist (did you mean 'staging'?)."),
        (("--seed", "x"), "--seed: 'x' is not a whole number."),
        (("--database", "dokcer"), "--database: database 'dokcer' does not exist (did you mean 'docker'?)."),
        (("--rows", "1%", "--rows", "orders=1_000_000_000"), "level dev builds at most 2.0 GB (max_bytes)."),
    ],
)
def test_wrong_use_is_named_before_anything_starts(shop: Project, arguments: tuple[str, ...], message: str) -> None:
    said = run_command(shop, "build", *arguments, status=2)
    assert message in said
    assert "To fix: " in said
    assert "Traceback" not in said


def test_the_rows_of_the_level_are_built_without_being_named(shop: Project) -> None:
    shop.write({"pyproject.toml": '[tool.prodparity.levels.staging]\nrows = "all, at most 300"\n'})
    said = run_command(shop, "build", "--level", "staging", "--database", "embedded")
    assert "(all, at most 300 a table)" in said
    assert "Built in " in said


def start(shop: Project, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from pytest_prodparity.cli import main; main()", "build", *arguments],
        cwd=shop.folder, env=shop.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def databases() -> list[str]:
    provider = Embedded()
    try:
        with psycopg.connect(provider.start().dsn()) as connection:
            return [str(name) for (name,) in connection.execute("SELECT datname FROM pg_database")]
    finally:
        provider.stop()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_build_that_is_stopped_in_the_middle_leaves_no_half_that_looks_whole(
    shop: Project, place: Path, monkeypatch: pytest.MonkeyPatch, sign: signal.Signals
) -> None:
    monkeypatch.setenv("PRODPARITY_CACHE", str(place))
    arguments = ("--rows", "all, at most 3_000_000", "--seed", str(sign.value))
    before = kept(shop)
    process = start(shop, *arguments)
    until(lambda: process.poll() is not None or any("_building_" in name for name in databases()), 60)
    # the whole group, as a terminal does, or as an out-of-memory killer might
    os.killpg(process.pid, sign) if sign == signal.SIGINT else process.kill()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == (130 if sign == signal.SIGINT else -9), out
    assert "Traceback" not in out
    assert kept(shop) == before
    small = run_command(shop, "build", "--rows", "all, at most 300", "--seed", str(sign.value))
    assert "Built in " in small
    assert not any("_building_" in name for name in databases())
    assert len(kept(shop)) == len(before) + 1


def test_of_two_builds_at_once_one_waits_and_says_so(
    shop: Project, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODPARITY_CACHE", str(place))
    arguments = ("--rows", "all, at most 150_000", "--seed", "99")
    first = start(shop, *arguments)
    until(lambda: first.poll() is not None or any("_building_" in name for name in databases()), 60)
    second = start(shop, *arguments)
    outs = [process.communicate(timeout=120)[0] for process in (first, second)]
    assert "Built in " in outs[0], outs[0]
    assert "Already built: " in outs[1], outs[1]
