from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.core.levels import Level
from pytest_prodparity.core.options import OPTIONS
from pytest_prodparity.core.settings import read_table, resolve

ROOT = Path("/project")


def test_the_defaults_are_those_of_the_options() -> None:
    settings = resolve(ROOT, {}, {}, {})
    for option in OPTIONS:
        value = getattr(settings, "thresholds" if option.name == "rules" else option.name)
        shown = str(value) if isinstance(value, (Level, Path)) else value
        assert shown == option.default, option.name


def test_a_flag_wins_over_the_environment_and_the_environment_over_the_table() -> None:
    table, environment, flags = {"level": "off"}, {"PRODPARITY_LEVEL": "staging"}, {"level": "production"}
    assert resolve(ROOT, {"level": None}, {}, table).level is Level.OFF
    assert resolve(ROOT, {"level": None}, environment, table).level is Level.STAGING
    assert resolve(ROOT, flags, environment, table).level is Level.PRODUCTION


def test_an_explicit_zero_is_said() -> None:
    assert resolve(ROOT, {"seed": "0"}, {"PRODPARITY_SEED": "7"}, {}).seed == 0


@pytest.mark.parametrize(
    ("flags", "environment", "table", "message"),
    [
        ({"level": "stagng"}, {}, {}, "--parity-level: level 'stagng' does not exist (did you mean 'staging'?)."),
        ({}, {"PRODPARITY_LEVEL": "x"}, {}, "PRODPARITY_LEVEL: level 'x' does not exist."),
        ({"database": "dokcer"}, {}, {}, "--parity-database: database 'dokcer' does not exist (did you mean 'docker'?)."),
        ({"seed": "many"}, {}, {}, "--parity-seed: 'many' is not a whole number."),
        ({}, {}, {"sead": 1}, "[tool.prodparity]: unknown key 'sead' (did you mean 'seed'?)."),
        ({}, {}, {"seed": True}, "[tool.prodparity] seed: True is not a whole number."),
        ({}, {}, {"mark": "tests"}, "[tool.prodparity] mark: 'tests' is not a list of patterns."),
        (
            {},
            {},
            {"env": {"DATABASE_URL": "{db.uri}"}},
            "[tool.prodparity] env.DATABASE_URL: {db.uri} does not exist (did you mean 'db.url'?).",
        ),
        ({}, {}, {"rules": {"seqscan": {}}}, "[tool.prodparity] rules: rule 'seqscan' does not exist (did you mean 'seq-scan'?)."),
        (
            {},
            {},
            {"rules": {"seq-scan": {"row": 1}}},
            "[tool.prodparity] rules.seq-scan: threshold 'row' does not exist (did you mean 'rows'?); it has rows, share.",
        ),
        ({}, {}, {"rules": {"seq-scan": {"rows": -1}}}, "[tool.prodparity] rules.seq-scan.rows: -1 is not a number, zero or more."),
        ({}, {}, {"levels": {"prod": {}}}, "[tool.prodparity] levels: level 'prod' does not exist (did you mean 'production'?)."),
        (
            {},
            {},
            {"levels": {"dev": {"lateny": 1}}},
            "[tool.prodparity] levels.dev: dial 'lateny' does not exist (did you mean 'latency'?).",
        ),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_its_place(
    flags: dict[str, object], environment: dict[str, str], table: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError) as wrong:
        resolve(ROOT, flags, environment, table)
    assert wrong.value.happened == message


def test_a_url_with_a_password_is_a_database() -> None:
    assert resolve(ROOT, {"database": "postgresql://u:secret@127.0.0.1/x"}, {}, {}).database.endswith("/x")


def test_a_dial_that_this_version_does_not_turn_on_is_not_silent() -> None:
    table = {"level": "staging", "levels": {"staging": {"twin": False, "auth": "all"}}}
    settings = resolve(ROOT, {}, {}, table)
    assert not settings.dials.twin
    assert settings.unapplied == ("levels.staging.auth",)


def test_the_table_is_read_from_pyproject(tmp_path: Path) -> None:
    assert read_table(tmp_path) == {}
    (tmp_path / "pyproject.toml").write_text('[tool.prodparity]\nlevel = "staging"\n')
    assert read_table(tmp_path) == {"level": "staging"}
    (tmp_path / "pyproject.toml").write_text("[tool.prodparity\n")
    with pytest.raises(UsageError, match=r"pyproject\.toml is not TOML"):
        read_table(tmp_path)
