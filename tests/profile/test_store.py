"""Profiles on disk: whole, readable, and refused with a clear message where they are not."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.profile import store
from pytest_prodparity.profile.model import Profile
from pytest_prodparity.profile.store import Stored, digest, load, save
from tests.profile.made import SCHEMA, orders, profile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path / "parity", profile(), SCHEMA)
    return tmp_path / "parity"


def refused(folder: Path) -> str:
    with pytest.raises(UsageError) as wrong:
        load(folder)
    return str(wrong.value)


def edited(folder: Path, edit: Callable[[Any], object]) -> str:
    """The message after a hand-made change of profile.json."""
    path = folder / "profile.json"
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))
    return refused(folder).replace(str(folder), "parity")


def test_what_was_saved_is_loaded(folder: Path) -> None:
    stored = load(folder)
    assert stored.profile == profile()
    assert stored.schema == SCHEMA


def test_the_file_leaves_out_defaults_and_has_one_line_for_each_list(folder: Path) -> None:
    lines = [line.strip() for line in (folder / "profile.json").read_text().splitlines()]
    assert '"most_common_vals": ["open", "paid", "sent"],' in lines
    assert not any('"histogram_bounds"' in line or '"toast_size"' in line for line in lines)
    assert lines[1:3] == ['"format": 1,', '"engine": "postgresql",']


def test_the_key_follows_the_content_however_it_came(folder: Path) -> None:
    loaded = load(folder)
    made = Stored(profile=profile(), schema=SCHEMA, folder=Path("elsewhere"))
    assert loaded.key == made.key
    assert replace(loaded, profile=replace(profile(), settings={})).key != made.key
    assert replace(loaded, schema="other").key != made.key


def test_text_of_all_kinds_survives(tmp_path: Path) -> None:
    odd = replace(profile(), database='"\\\n\u2028é😀\x01', settings={"a\tb": "'"}, views={"v": "line\r\nline"})
    save(tmp_path, odd, "SELECT 'a\r\nb';\n")
    with pytest.raises(UsageError, match="is not the file"):
        load(tmp_path)
    schema = "SELECT 'a\r\nb\rc';\n"
    save(tmp_path, replace(odd, schema_sha256=digest(schema)), schema)
    assert load(tmp_path).profile.database == odd.database
    assert load(tmp_path).profile.views == odd.views


def test_a_missing_profile_says_how_to_make_one(tmp_path: Path) -> None:
    assert refused(tmp_path / "parity") == (
        f"No profile: {tmp_path / 'parity' / 'profile.json'} does not exist.\nTo fix: prodparity capture URL"
    )


def test_a_half_written_profile_names_the_place(folder: Path) -> None:
    path = folder / "profile.json"
    path.write_text(path.read_text()[:1000])
    said = refused(folder)
    assert "profile.json is not JSON: " in said
    assert "in line" in said
    assert said.endswith("To fix: restore it from version control, or prodparity capture URL")


def test_an_empty_profile_is_no_json(folder: Path) -> None:
    (folder / "profile.json").write_text("")
    assert "is not JSON: Expecting value in line 1, column 1." in refused(folder)


def test_a_profile_that_is_not_text_is_refused(folder: Path) -> None:
    (folder / "profile.json").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refused(folder)


def test_a_file_in_the_profile_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "parity").write_text("")
    assert "cannot be read" in refused(tmp_path / "parity")


def test_a_list_is_no_profile(folder: Path) -> None:
    (folder / "profile.json").write_text("[]")
    assert "is not a profile: expected an object, found list." in refused(folder)


def test_another_format_names_both(folder: Path) -> None:
    assert edited(folder, lambda data: data.update(format=7)) == (
        "parity/profile.json has format 7; this version of pytest-prodparity reads format 1.\n"
        "To fix: prodparity capture URL, or install the version that wrote it"
    )


def test_another_engine_is_named(folder: Path) -> None:
    assert "describes 'mysql'; this version reads postgresql only." in edited(
        folder, lambda data: data.update(engine="mysql")
    )


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda data: data.update(tabels=[]), "parity/profile.json: unknown key 'tabels' (did you mean 'tables'?)."),
        (lambda data: data.pop("database"), "parity/profile.json: 'database' is missing."),
        (
            lambda data: data["tables"][0].update(pages="many"),
            'parity/profile.json.tables[0] (orders).pages: expected a whole number, found "many".',
        ),
        (
            lambda data: data["tables"][0].update(pages=-3),
            "parity/profile.json.tables[0] (orders).pages: expected a number of at least 0, found -3.",
        ),
        (
            lambda data: data["tables"][0].update(tuples=float("nan")),
            "parity/profile.json.tables[0] (orders).tuples: expected a number, found NaN.",
        ),
        (
            lambda data: data["tables"][0].update(tuples=True),
            "parity/profile.json.tables[0] (orders).tuples: expected a number, found true.",
        ),
        (
            lambda data: data["tables"][0]["columns"][2]["statistics"]["most_common_vals"].append(4),
            "(orders).columns[2] (status).statistics.most_common_vals[3]: expected a text, found 4.",
        ),
        (
            lambda data: data["tables"][0]["columns"][2]["statistics"]["most_common_freqs"].append(float("inf")),
            "(orders).columns[2] (status).statistics.most_common_freqs[3]: expected a number, found Infinity.",
        ),
        (
            lambda data: data["tables"][0]["columns"][2]["statistics"].update(null_frac=-1),
            "(orders).columns[2] (status).statistics.null_frac: expected a number of at least 0, found -1.0.",
        ),
        (lambda data: data.update(tables={}), "parity/profile.json.tables: expected a list, found {}."),
        (lambda data: data.update(settings=[]), "parity/profile.json.settings: expected an object, found []."),
        (lambda data: data["tables"].append(None), "parity/profile.json.tables[4]: expected an object, found null."),
    ],
)
def test_a_hand_edited_profile_is_refused_with_the_place_and_the_value(
    folder: Path, edit: Callable[[Any], object], said: str
) -> None:
    message = edited(folder, edit)
    assert said in message
    assert message.splitlines()[-1].startswith("To fix: ")


def test_a_schema_of_another_capture_is_noticed(folder: Path) -> None:
    (folder / "schema.sql").write_text("-- edited\n")
    assert refused(folder) == (
        f"{folder / 'schema.sql'} is not the file that profile.json was captured with.\n"
        "To fix: restore both from the same commit, or prodparity capture URL"
    )


def test_a_schema_whose_line_ends_version_control_changed_is_the_same(folder: Path) -> None:
    path = folder / "schema.sql"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(folder).profile == profile()


def test_a_full_disk_leaves_the_old_pair_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProdparityError) as wrong:
        save(folder, replace(profile(), database="other"), "other")
    assert str(wrong.value) == (
        f"The profile could not be written to {folder}: No space left on device.\n"
        "To fix: make room or choose another folder with --to"
    )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_interrupted_write_leaves_the_old_pair(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    written: list[int] = []

    def stop(handle: int) -> None:
        written.append(handle)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        save(folder, replace(profile(), database="other"), "other")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_every_field_of_the_model_survives(tmp_path: Path) -> None:
    """`_written` leaves out what equals its default: a field that is set must come back."""
    table = replace(
        orders(),
        toast_size=1,
        parent="a.b",
        bound="x",
        row_security="forced",
        options=["o"],
        readable=False,
        live_rows=3,
    )
    full = replace(
        profile(table),
        notes=["n"],
        round_trip_ms=[0.1, 0.2, 0.3, 0.4],
        connection_limit=97,
        role="r",
        origin="declared",
    )
    save(tmp_path, full, SCHEMA)
    assert load(tmp_path).profile == full
    assert isinstance(load(tmp_path).profile, Profile)
    assert store.PROFILE in {path.name for path in tmp_path.iterdir()}
