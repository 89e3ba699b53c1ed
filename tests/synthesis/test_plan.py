"""How many rows each table gets."""

from __future__ import annotations

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.core.levels import Rows
from pytest_prodparity.profile.model import Constraint, Profile, Table
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


def test_the_size_follows_production_s_bytes_a_row() -> None:
    whole = plan.bytes_of(shop(), plan.counts(shop(), rows=Rows()))
    tenth = plan.bytes_of(shop(), plan.counts(shop(), rows=Rows(share=0.1)))
    assert whole == pytest.approx(45_500_000 / 100 * 8192, rel=0.01)
    assert tenth == pytest.approx(whole / 10, rel=0.01)
