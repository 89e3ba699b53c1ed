"""How many rows each table gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.core.levels import Rows
from pytest_prodparity.profile.model import Column, ColumnStatistics, Constraint, Profile, Table
from pytest_prodparity.synthesis import plan
from tests.profile.made import profile


def table(name: str, rows: int, *parents: str) -> Table:
    references = [
        Constraint(name=f"{name}_{parent}", kind="foreign key", definition="", columns=[f"{parent}_id"],
                   references=f"public.{parent}", references_columns=["id"])
        for parent in parents
    ]  # fmt: skip
    pages = max(1, rows // 100)
    return Table(
        schema="public", name=name, kind="table", columns=[], constraints=references, tuples=rows, pages=pages,
        size=pages * 8192,
    )  # fmt: skip


def shop() -> Profile:
    return profile(
        table("customers", 1_500_000), table("orders", 12_000_000, "customers", "states"), table("states", 40),
        table("lines", 30_000_000, "orders"), table("visits", 2_000_000),
    )  # fmt: skip


def test_a_share_keeps_children_per_parent_and_lookups_whole() -> None:
    found = plan.counts(shop(), rows=Rows(share=0.1))
    assert found == {
        "public.customers": 150_000, "public.orders": 1_200_000, "public.states": 40, "public.lines": 3_000_000,
        "public.visits": 200_000,
    }  # fmt: skip


def test_the_most_a_table_may_have_scales_what_is_joined_to_it() -> None:
    found = plan.counts(shop(), rows=Rows(share=0.01, most=10_000))
    assert found["public.lines"] == 10_000
    assert found["public.orders"] == 4_000
    assert found["public.customers"] == 500
    assert found["public.visits"] == 10_000


def test_an_override_holds_and_what_refers_to_it_follows() -> None:
    found = plan.counts(shop(), rows=Rows(share=0.01), overrides={"orders": 240_000})
    assert found["public.orders"] == 240_000
    assert found["public.lines"] == 600_000
    assert found["public.customers"] == 15_000


def test_no_rows_of_a_parent_are_no_rows_of_its_children() -> None:
    found = plan.counts(shop(), rows=Rows(share=0.01), overrides={"orders": 0})
    assert (found["public.orders"], found["public.lines"]) == (0, 0)


def test_one_table_alone_can_be_asked_for() -> None:
    found = plan.counts(shop(), rows=Rows(share=0), overrides={"customers": 50})
    assert {name: count for name, count in found.items() if count} == {"public.customers": 50}


def test_nothing_is_asked_for() -> None:
    assert set(plan.counts(shop(), rows=Rows(share=0)).values()) == {0}


def test_an_unknown_table_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        plan.counts(shop(), rows=Rows(), overrides={"order": 5})
    assert "the profile has no table 'order'" in str(caught.value)
    assert "orders" in str(caught.value)


def test_rows_of_a_partitioned_table_are_spread_as_production_has_them() -> None:
    found = plan.counts(profile(), rows=Rows(), overrides={"events": 4_000})
    assert found["public.events_1"] == 3_000
    assert found["public.events_2"] == 1_000


def child(name: str, rows: int, parent: str, *, distinct: float, unique: bool = False) -> Table:
    made = table(name, rows, parent)
    column = Column(
        name=f"{parent}_id", type="bigint", statistics=ColumnStatistics(null_frac=0, avg_width=8, n_distinct=distinct)
    )
    key = [Constraint(name="one", kind="unique", definition="", columns=[f"{parent}_id"])] if unique else []
    return replace(made, columns=[column], constraints=[*made.constraints, *key])


def test_a_small_table_that_belongs_to_a_scaled_one_is_scaled_with_it() -> None:
    found = plan.counts(
        profile(
            table("bookings", 5_000), child("reviews", 820, "bookings", distinct=-1),
            child("currencies", 170, "bookings", distinct=1), child("kinds", 40, "bookings", distinct=-1),
        ),
        rows=Rows(share=0.1),
    )  # fmt: skip
    assert found["public.reviews"] == 82
    # made by one of them all, or few: lookups
    assert (found["public.currencies"], found["public.kinds"]) == (170, 40)


def test_one_to_one_never_has_more_rows_than_its_parents() -> None:
    small = profile(table("events", 7_500), child("snapshots", 830, "events", distinct=-1, unique=True))
    found = plan.counts(small, rows=Rows(share=0.01))
    assert found["public.snapshots"] <= found["public.events"] == 100


def test_children_of_a_parent_that_keeps_a_least_number_keep_their_share_of_it() -> None:
    tables = [table("users", 50_000), table("orders", 200_000, "users"), table("hits", 100_000_000, "users")]
    found = plan.counts(profile(*tables), rows=Rows(share=0.01, most=10_000))
    assert found == {"public.users": 100, "public.orders": 400, "public.hits": 10_000}


def test_two_hundred_joined_tables_at_a_hundredth_keep_rows_enough_and_few_enough() -> None:
    tables = [table("t0", 1_000_000)]
    tables += [table(f"t{at}", 10 ** (1 + at % 7), f"t{at // 3}") for at in range(1, 200)]
    found = plan.counts(profile(*tables), rows=Rows(share=0.01, most=10_000))
    assert all(count >= min(10, made.tuples) for made, count in zip(tables, found.values(), strict=True))
    assert max(found.values()) <= 10_000
    assert sum(found.values()) < 500_000


def test_the_size_follows_production_s_bytes_a_row() -> None:
    whole = plan.bytes_of(shop(), plan.counts(shop(), rows=Rows()))
    tenth = plan.bytes_of(shop(), plan.counts(shop(), rows=Rows(share=0.1)))
    assert whole == pytest.approx(45_500_000 / 100 * 8192, rel=0.01)
    assert tenth == pytest.approx(whole / 10, rel=0.01)


def test_one_to_one_that_may_be_null_has_as_many_rows_more() -> None:
    snapshots = child("snapshots", 830, "events", distinct=-0.05, unique=True)
    (column,) = snapshots.columns
    column = replace(column, statistics=ColumnStatistics(null_frac=0.95, avg_width=8, n_distinct=-0.05))
    small = profile(table("events", 830), replace(snapshots, columns=[column]))
    assert plan.counts(small, rows=Rows())["public.snapshots"] == 830
    few = profile(table("events", 40), replace(snapshots, columns=[column]))
    assert plan.counts(few, rows=Rows())["public.snapshots"] == 800
