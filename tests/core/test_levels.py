"""The dials of a level, as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.core.latency import Latency
from pytest_prodparity.core.levels import Level, Rows, parse_bytes
from pytest_prodparity.core.settings import resolve

ROOT = Path("/project")


@pytest.mark.parametrize(
    ("said", "rows", "shown"),
    [
        (0, Rows(share=0), "none"),
        ("0", Rows(share=0), "none"),
        (10_000, Rows(share=1, most=10_000), "all, at most 10,000 a table"),
        ("10_000", Rows(share=1, most=10_000), "all, at most 10,000 a table"),
        ("all", Rows(share=1), "all"),
        ("25%", Rows(share=0.25, most=1_000_000), "25 %, at most 1,000,000 a table"),
        ("0.5 %", Rows(share=0.005, most=1_000_000), "0.5 %, at most 1,000,000 a table"),
        ("25%, at most 5_000_000", Rows(share=0.25, most=5_000_000), "25 %, at most 5,000,000 a table"),
        ("all, at most 5,000 a table", Rows(share=1, most=5_000), "all, at most 5,000 a table"),
    ],
)
def test_rows_are_a_share_and_a_most(said: object, rows: Rows, shown: str) -> None:
    parsed = Rows.parse(said, Level.STAGING)
    assert parsed == rows
    assert str(parsed) == shown
    assert bool(parsed) == (shown != "none")


def test_what_rows_print_is_what_they_read() -> None:
    for said in ("25%", "all", 10_000):
        parsed = Rows.parse(said, Level.STAGING)
        assert Rows.parse(str(parsed), Level.DEV) == parsed


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"dev": {"rows": "al"}}, "levels.dev.rows: 'al' is no number of rows (did you mean 'all'?)."),
        ({"dev": {"rows": 0.25}}, "levels.dev.rows: 0.25 is no number of rows (did you mean '25%'?)."),
        ({"dev": {"rows": "125%"}}, "levels.dev.rows: '125%' is no number of rows."),
        ({"dev": {"rows": -1}}, "levels.dev.rows: -1 is no number of rows."),
        ({"dev": {"rows": True}}, "levels.dev.rows: True is no number of rows."),
        ({"dev": {"row": 5}}, "levels.dev: dial 'row' does not exist (did you mean 'rows'?)."),
        ({"dev": {"max_byte": 5}}, "levels.dev: dial 'max_byte' does not exist (did you mean 'max_bytes'?)."),
        ({"dev": {"max_bytes": "20 GiB"}}, "levels.dev.max_bytes: '20 GiB' is no size: 'gib' is no unit (did you mean 'gb'?)."),
        ({"dev": {"max_bytes": "much"}}, "levels.dev.max_bytes: 'much' is no size."),
        ({"dev": {"max_bytes": 0}}, "levels.dev.max_bytes: 0 is no size."),
        ({"dev": {"latency": "slow"}}, "levels.dev.latency: 'slow' is no latency."),
        ({"dev": {"latency": {"ms": 1, "jiter": 1}}}, "levels.dev.latency: a latency has no 'jiter' (did you mean 'jitter'?)."),
        ({"dev": {"latency": -1}}, "levels.dev.latency: Latency(ms=-1) is no time."),
        # a level that this run does not use is checked as well
        ({"production": {"rows": "many"}}, "levels.production.rows: 'many' is no number of rows."),
    ],
)  # fmt: skip
def test_a_wrong_dial_is_named_with_its_place_and_what_to_write(
    table: dict[str, dict[str, object]], message: str
) -> None:
    with pytest.raises(UsageError) as wrong:
        resolve(ROOT, {}, {}, {"levels": table})
    assert wrong.value.happened == f"[tool.prodparity] {message}"
    assert wrong.value.fix


def test_a_size_is_in_powers_of_1024() -> None:
    assert [parse_bytes(said) for said in (5, "500 MB", "1.5GB", "2 tb", "1_000 kB")] == [
        5, 500 << 20, 3 << 29, 2 << 40, 1000 << 10
    ]  # fmt: skip


def test_a_dial_of_one_level_is_that_level_s_alone() -> None:
    table = {"levels": {"staging": {"rows": "all", "max_bytes": "1 GB"}}}
    staging = resolve(ROOT, {"level": "staging"}, {}, table)
    assert staging.dials.rows == Rows(share=1)
    assert staging.dials.max_bytes == 1 << 30
    assert staging.unapplied == ()
    assert resolve(ROOT, {"level": "dev"}, {}, table).dials.rows == Rows(share=0.01, most=10_000)


def test_round_trips_are_as_long_as_productions_from_staging_on() -> None:
    dials = {str(level): resolve(ROOT, {"level": str(level)}, {}, {}).dials.latency for level in Level}
    assert dials == {"off": None, "dev": None, "staging": "median", "production": "tail"}


@pytest.mark.parametrize(
    ("said", "latency"),
    [
        (0, None),
        (1.2, Latency(ms=1.2)),
        ({"ms": 1.2, "jitter": 0.4}, Latency(ms=1.2, jitter=0.4)),
        ({"ms": 1, "p99": 9, "kb_per_s": 500}, Latency(ms=1, p99=9, kb_per_s=500)),
        ("tail", "tail"),
    ],
)
def test_a_latency_can_be_set(said: object, latency: object) -> None:
    assert resolve(ROOT, {}, {}, {"levels": {"dev": {"latency": said}}}).dials.latency == latency
