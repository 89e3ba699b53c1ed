"""A profile with other numbers of rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.profile.model import Column, Table
from pytest_prodparity.profile.scale import scaled
from tests.profile.made import events, orders, profile, statistics


def table(name: str, **rows: int) -> Table:
    found = scaled(profile(), rows).table(name)
    assert found is not None
    return found


@given(st.integers(min_value=0, max_value=10**11))
def test_the_planner_sees_exactly_the_rows_that_were_asked_for(count: int) -> None:
    grown = table("orders", orders=count)
    assert grown.rows == pytest.approx(count, rel=1e-12)
    assert grown.size == grown.pages * 8192
    assert 0 <= grown.all_visible <= grown.pages
    assert 0 <= (grown.all_frozen or 0) <= grown.pages
    assert grown.indexes[0].size == grown.indexes[0].pages * 8192


def test_rows_a_page_and_shares_stay() -> None:
    grown = table("orders", orders=12_000_000)
    assert grown.pages == 120_000
    assert grown.all_visible == 108_000
    assert grown.all_frozen == 60_000
    assert grown.columns == orders().columns
    assert grown.ends == orders().ends


def test_indexes_grow_with_the_table_and_become_higher() -> None:
    index = table("orders", orders=1_200_000_000).indexes[0]
    assert index.pages == pytest.approx(2_745_000, rel=0.001)
    assert index.tuples == 1_000_000_000
    assert index.height == 3
    assert table("orders", orders=100).indexes[0].height == 0


def test_distinct_counts_stay_until_the_table_is_smaller_than_they_are() -> None:
    assert table("orders", orders=10**9).columns[1].statistics == statistics(50_000.0)
    small = table("orders", orders=1_000).columns[1].statistics
    assert small is not None
    assert small.n_distinct == -0.75, "all rows that are not null differ"


def test_a_unique_column_stays_unique() -> None:
    original = orders()
    columns = [replace(original.columns[0], statistics=statistics(900_000.0)), *original.columns[1:]]
    found = scaled(profile(replace(original, columns=columns)), {"orders": 5_000_000}).tables[0].columns[0].statistics
    assert found is not None
    assert found.n_distinct == -0.75


def test_a_partitioned_table_s_rows_are_spread_over_its_partitions() -> None:
    grown = scaled(profile(), {"events": 4_000_000})
    counts = {found.name: found.rows for found in grown.tables}
    assert counts["events"] == 4_000_000
    assert counts["events_1"] == 3_000_000
    assert counts["events_2"] == 1_000_000


def test_a_partition_s_rows_count_in_the_whole() -> None:
    assert table("events", events_1=10_000_000).tuples == 10_100_000


def test_a_table_that_was_never_analysed_gets_pages_by_its_width() -> None:
    fresh = Table(schema="public", name="fresh", kind="table", columns=[Column(name="id", type="bigint")])
    grown = scaled(profile(fresh), {"fresh": 1_000_000}).tables[0]
    assert grown.rows == 1_000_000
    assert grown.pages == pytest.approx(4408, abs=50)


def test_the_database_grows_by_what_its_tables_do() -> None:
    before, after = profile(), scaled(profile(), {"orders": 2_400_000})
    added = (
        after.tables[0].size
        - before.tables[0].size
        + after.tables[0].indexes[0].size
        - before.tables[0].indexes[0].size
    )
    assert after.size == before.size + added
    assert after.tables[1:] == before.tables[1:]


def test_an_unknown_table_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError) as wrong:
        scaled(profile(), {"order": 5})
    assert str(wrong.value) == (
        "rows: the profile has no table 'order' (did you mean 'orders'?).\nTo fix: prodparity show"
    )


def test_a_name_in_two_schemas_is_refused_with_both() -> None:
    twice = profile(orders(), replace(orders(), schema="old"), *events())
    with pytest.raises(UsageError, match=r"(?s)in several schemas.*public\.orders, old\.orders"):
        scaled(twice, {"orders": 5})
    assert scaled(twice, {"old.orders": 5}).tables[1].rows == 5
