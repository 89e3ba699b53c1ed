"""What is drawn: production's values and odd ones, in the shape that the schema demands, shrinking to simple ones."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.profile.model import Column, ColumnStatistics, Constraint, Index, Profile, Table
from pytest_prodparity.strategies import rows
from pytest_prodparity.strategies.types import read

DEMO = Path(__file__).parents[2] / "src/pytest_prodparity/demo/parity"
FEW = settings(max_examples=60, deadline=None, derandomize=True, database=None)
SEARCH = settings(
    # explaining would vary what was found
    max_examples=2000, deadline=None, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink],
)  # fmt: skip


def check(text: str) -> Constraint:
    return Constraint(name="c", kind="check", definition=text)


def profile(*columns: Column, checks: tuple[Constraint, ...] = (), indexes: tuple[Index, ...] = ()) -> Profile:
    made = Table(
        schema="public", name="items", kind="table", columns=list(columns), constraints=list(checks),
        indexes=list(indexes),
    )  # fmt: skip
    return Profile(
        captured_at="2026-01-01T00:00:00+00:00", server_version=180000, database="shop", identity="x", tables=[made],
        enums={"public.mood": ["calm", "happy", "sad"]},
        domains={"public.percent": "numeric(5,2) NOT NULL DEFAULT 0 CHECK (((VALUE >= (0)::numeric) AND (VALUE <= (100)::numeric)))"},
        schema_sha256="",
    )  # fmt: skip


def test_a_row_shrinks_to_simple_values() -> None:
    known = profile(
        Column(name="count", type="integer", not_null=True), Column(name="name", type="text"),
        Column(name="mood", type="public.mood", not_null=True), Column(name="share", type="public.percent"),
        Column(name="there", type="boolean", not_null=True),
    )  # fmt: skip
    assert find(rows("items", profile=known), lambda _: True, settings=SEARCH) == {
        "count": 0, "name": "", "mood": "calm", "share": 0, "there": False,
    }  # fmt: skip


def test_what_production_has_and_what_it_never_had_are_both_drawn() -> None:
    common = ColumnStatistics(
        null_frac=0.0, avg_width=4, n_distinct=2, most_common_vals=["paid", "sent"], most_common_freqs=[0.6, 0.4]
    )
    known = profile(Column(name="state", type="character varying(300)", statistics=common))
    for wanted in (
        lambda text: text == "paid", lambda text: text is None, lambda text: text and len(text) == 300,
        lambda text: text == "007", lambda text: text and "\u0301" in text, lambda text: text == "O'Brien",
        lambda text: text and any("\u0590" <= sign <= "\u06ff" for sign in text),
        lambda text: text and any(sign > "\U0001f000" for sign in text),
    ):  # fmt: skip
        find(rows("items", profile=known), lambda row, wanted=wanted: bool(wanted(row["state"])), settings=SEARCH)  # type: ignore[misc]


def test_numbers_reach_the_ends_of_their_type_and_of_their_checks() -> None:
    known = profile(
        Column(name="n", type="smallint", not_null=True), Column(name="p", type="integer", not_null=True),
        checks=(check("CHECK (((p >= 3) AND (p < 10)))"),),
    )  # fmt: skip
    for name, value in (("n", 32767), ("n", -32768), ("p", 3), ("p", 9)):
        assert find(rows("items", profile=known), lambda row, n=name, v=value: row[n] == v, settings=SEARCH)  # type: ignore[misc]

    @FEW
    @given(rows("items", profile=known))
    def within(row: dict[str, Any]) -> None:
        assert -32768 <= row["n"] <= 32767
        assert 3 <= row["p"] < 10

    within()


def test_checks_between_columns_hold() -> None:
    known = profile(
        Column(name="state", type="text", not_null=True), Column(name="closed", type="date"),
        Column(name="low", type="integer", not_null=True), Column(name="high", type="integer", not_null=True),
        checks=(
            check("CHECK ((state = ANY (ARRAY['open'::text, 'done'::text])))"),
            check("CHECK (((state = 'done'::text) = (closed IS NOT NULL)))"), check("CHECK ((low <= high))"),
        ),
    )  # fmt: skip

    @FEW
    @given(rows("items", profile=known))
    def holds(row: dict[str, Any]) -> None:
        assert row["state"] in ("open", "done")
        assert (row["state"] == "done") == (row["closed"] is not None)
        assert row["low"] <= row["high"]

    holds()


def test_several_rows_do_not_break_a_unique_key() -> None:
    key = Index(name="k", method="btree", definition="", columns=["lower(name)"], unique=True)
    known = profile(Column(name="name", type="character varying(3)", not_null=True), indexes=(key,))

    @FEW
    @given(rows("items", min_size=2, max_size=4, profile=known))
    def distinct(found: list[dict[str, Any]]) -> None:
        assert 2 <= len(found) <= 4
        assert len({row["name"].rstrip().casefold() for row in found}) == len(found)

    distinct()


def test_what_the_database_makes_itself_is_left_out() -> None:
    known = profile(
        Column(name="id", type="bigint", generated="identity always"),
        Column(name="n", type="integer", default="nextval('items_n_seq'::regclass)"),
        Column(name="total", type="integer", generated="stored"), Column(name="name", type="text", not_null=True),
    )  # fmt: skip

    @FEW
    @given(rows("items", profile=known))
    def only_name(row: dict[str, Any]) -> None:
        assert list(row) == ["name"]

    only_name()


def test_the_profile_is_found_through_the_settings_of_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.prodparity]\nprofile = "elsewhere"\n')
    (tmp_path / "elsewhere").symlink_to(DEMO)
    monkeypatch.chdir(tmp_path)
    row = find(rows("orders"), lambda _: True, settings=SEARCH)
    assert set(row) >= {"customer_id", "status", "total"}
    assert "id" not in row


def test_linked_rows_come_after_their_parents_and_refer_to_them() -> None:
    @FEW
    @given(rows("order_lines", linked=True, min_size=1, profile=DEMO))
    def linked(made: list[tuple[str, dict[str, Any]]]) -> None:
        orders: set[int] = set()
        for name, row in made:
            if name == "public.orders":
                orders.add(row["id"])
            if name == "public.order_lines":
                assert row["order_id"] in orders

    linked()


def test_an_unknown_table_is_said_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        rows("ordres", profile=DEMO)
    assert str(caught.value) == (
        "rows: the profile has no table 'ordres' (did you mean 'orders'?).\nTo fix: prodparity show"
    )


def test_sizes_that_leave_nothing_are_said() -> None:
    with pytest.raises(UsageError, match="min_size=3 and max_size=1 leave no number of rows"):
        rows("orders", min_size=3, max_size=1, profile=DEMO)


def test_types_are_read_from_their_text() -> None:
    known = profile()
    assert read("character varying(10)", known).size == 10
    assert (read("numeric(15,2)", known).size, read("numeric(15,2)", known).scale) == (15, 2)
    assert read("timestamp(3) with time zone", known).base == "timestamptz"
    assert read("integer[]", known).array
    assert read("public.mood", known).labels == ("calm", "happy", "sad")
    percent = read("public.percent", known)
    assert (percent.base, percent.not_null) == ("numeric", True)
    assert percent.checks == ("CHECK (((VALUE >= (0)::numeric) AND (VALUE <= (100)::numeric)))",)
    assert set(string.digits) >= set(str(percent.scale))
