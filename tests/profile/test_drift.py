"""What changed between two captures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_prodparity.profile.drift import compare, summary
from pytest_prodparity.profile.model import Column, Extension, Grant, Index, Profile, Table
from pytest_prodparity.profile.probed import Probes, Whole
from tests.profile.made import events, orders, profile, statistics


def lines(new: Profile) -> list[str]:
    return [str(change) for change in compare(profile(), new)]


def with_orders(**changes: object) -> Profile:
    return profile(replace(orders(), **changes), *events())  # type: ignore[arg-type]


def test_the_same_production_has_no_change() -> None:
    later = replace(profile(), captured_at="2027-01-01T00:00:00+00:00", round_trip_ms=[1.0, 2.0, 3.0, 4.0], size=5)
    assert compare(profile(), later) == []


def test_new_and_gone_tables_columns_and_indexes_are_named() -> None:
    extra = Index(name="by_status", method="btree", definition="CREATE INDEX by_status …", columns=["status"])
    fresh = Table(schema="public", name="fresh", kind="table", columns=[], tuples=7, pages=1, size=8192)
    columns = [*orders().columns[:2], Column(name="total", type="numeric", not_null=True)]
    new = profile(replace(orders(), indexes=[extra], columns=columns), fresh)
    assert lines(new) == [
        "gone table public.events",
        "gone table public.events_1",
        "gone table public.events_2",
        "new table public.fresh: 7 rows",
        "gone column public.orders.status",
        "new column public.orders.total: numeric not null",
        "new index by_status on public.orders: CREATE INDEX by_status …",
        "gone index orders_pkey on public.orders",
    ]
    assert summary(compare(profile(), new)) == (
        "3 gone tables, 1 new table, 1 gone column, 1 new column, 1 new index, 1 gone index"
    )


def test_a_changed_type_and_an_index_that_became_invalid_show_both_states() -> None:
    columns = [replace(orders().columns[0], type="integer"), *orders().columns[1:]]
    invalid = [replace(orders().indexes[0], valid=False)]
    found = lines(with_orders(columns=columns, indexes=invalid))
    assert found[0] == "changed column public.orders.id: bigint not null -> integer not null"
    assert found[1].endswith("USING btree (id) INVALID")


@pytest.mark.parametrize(("factor", "reported"), [(1.4, False), (1.6, True), (0.7, False), (0.5, True)])
def test_row_counts_are_reported_from_a_factor_of_one_and_a_half(factor: float, reported: bool) -> None:
    found = lines(with_orders(size=int(12_000 * factor) * 8192))
    assert bool(found) is reported
    if reported:
        assert found == [f"changed rows public.orders: 1,200,000 -> {1_200_000 * factor:,.0f} ({factor:.1f}x)"]


def test_small_tables_may_grow_in_silence() -> None:
    small = Table(schema="public", name="s", kind="table", columns=[], tuples=10, pages=1, size=8192)
    assert compare(profile(small), profile(replace(small, tuples=900))) == []


def test_a_column_whose_values_begin_to_leave_is_reported() -> None:
    hidden = replace(statistics(3.0), withheld="denied")
    columns = [*orders().columns[:2], replace(orders().columns[2], statistics=hidden)]
    assert lines(with_orders(columns=columns)) == ["changed values public.orders.status: withheld now (denied)"]
    back = [str(change) for change in compare(with_orders(columns=columns), profile())]
    assert back == ["changed values public.orders.status: its values leave production now"]


def test_what_is_lost_without_probe_and_whole_is_reported() -> None:
    probed = with_orders(probes=Probes(), whole=Whole(columns=["id"], rows=[["1"]]))
    assert [str(change) for change in compare(probed, profile())] == [
        "changed values public.orders: its rows are not in the profile any more (--whole)",
        "changed values public.orders: not probed any more (--probe)",
    ]
    assert lines(probed) == ["changed values public.orders: its rows leave production now"]


def test_settings_extensions_enums_grants_and_the_server_are_compared() -> None:
    old = replace(
        profile(),
        enums={"public.mood": ["sad"]},
        extensions=[Extension(name="pg_trgm", version="1.5", schema="public")],
        grants=[Grant(kind="table", name="public.orders", owner="o", access=["app=r/o"])],
    )
    new = replace(
        old,
        server_version=170001,
        identity="4567",
        settings={"work_mem": "64MB", "jit": "off"},
        enums={"public.mood": ["sad", "ok"]},
        extensions=[Extension(name="pg_trgm", version="1.6", schema="public")],
        grants=[Grant(kind="table", name="public.orders", owner="o", access=["app=rw/o"])],
    )
    assert [str(change) for change in compare(old, new)] == [
        "changed server server_version: 160004 -> 170001",
        "changed server identity: another server or database",
        "new setting jit: off",
        "changed setting work_mem: 4MB -> 64MB",
        "changed extension pg_trgm: 1.5 -> 1.6",
        "changed enum public.mood: sad -> sad, ok",
        "changed grant table public.orders: o: app=r/o -> o: app=rw/o",
    ]
