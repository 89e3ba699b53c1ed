"""A volume's statistics beside production's: what is alike is near, what differs comes first with its distance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pytest_prodparity.cli.fidelity_page import page, summary
from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.profile.model import Column, ColumnStatistics, Constraint, Profile, Table
from pytest_prodparity.synthesis.fidelity import JoinRows, compare


def statistics(**other: object) -> ColumnStatistics:
    known: dict[str, object] = {
        "null_frac": 0.0, "avg_width": 4, "n_distinct": -1.0, "correlation": 0.0,
        "histogram_bounds": [str(number) for number in range(0, 1001, 10)], **other,
    }  # fmt: skip
    return ColumnStatistics(**known)  # type: ignore[arg-type]


def table(name: str, *columns: Column, rows: float = 10_000, keys: tuple[Constraint, ...] = ()) -> Table:
    return Table(
        schema="public", name=name, kind="table", columns=list(columns), constraints=list(keys), tuples=rows, pages=100,
        size=100 * 8192,
    )  # fmt: skip


def profile(*tables: Table) -> Profile:
    return Profile(
        captured_at="2026-01-01T00:00:00+00:00", server_version=180000, database="shop", identity="x",
        tables=list(tables), schema_sha256="",
    )  # fmt: skip


def column(name: str = "total", kind: str = "integer", **other: object) -> Column:
    return Column(name=name, type=kind, statistics=statistics(**other))


def test_a_database_is_near_itself() -> None:
    same = profile(table("orders", column(), column("at", "date", histogram_bounds=["2025-01-01", "2025-06-01"])))
    found = compare(same, same)
    assert [(one.null, one.distinct, one.ks, one.correlation, one.score) for one in found.columns] == [
        (0.0, 1.0, 0.0, 0.0, 0.0)
    ] * 2
    assert found.moved_days == 0
    assert summary(found) == ("2 of 2 columns, 0 of 0 foreign keys and 0 of 0 joins are near production's.")


def test_the_kolmogorov_smirnov_distance_is_that_of_the_two_distributions() -> None:
    # production evenly over 0 … 1000, ours over 0 … 500: at 500 ours is at 1, production's at 0.5
    halved = column(histogram_bounds=[str(number) for number in range(0, 501, 5)])
    found = compare(profile(table("orders", column())), profile(table("orders", halved))).columns[0]
    assert found.ks == pytest.approx(0.5, abs=0.01)
    assert found.curves is not None
    assert np.abs(found.curves[0].share - found.curves[1].share).max() == found.ks


def test_common_values_are_compared_by_share_and_a_missing_one_counts() -> None:
    def states(paid: float, sent: float, second: str = "sent") -> Column:
        return column(
            "state", "text", histogram_bounds=None, n_distinct=2.0, most_common_vals=["paid", second],
            most_common_freqs=[paid, sent],
        )  # fmt: skip

    moved = compare(profile(table("orders", states(0.7, 0.3))), profile(table("orders", states(0.6, 0.4))))
    assert moved.columns[0].top == pytest.approx(0.1)
    other = compare(profile(table("orders", states(0.7, 0.3))), profile(table("orders", states(0.7, 0.3, "lost"))))
    assert other.columns[0].top == pytest.approx(0.3)


def test_the_worst_column_is_the_first() -> None:
    theirs = profile(table("orders", column("good"), column("bad", null_frac=0.1)))
    ours = profile(table("orders", column("good"), column("bad", null_frac=0.6)))
    found = compare(theirs, ours)
    assert [one.column for one in found.columns] == ["bad", "good"]
    assert found.columns[0].null == pytest.approx(0.5)
    assert summary(found).startswith("1 of 2 columns")


def test_times_that_were_moved_to_now_are_compared_as_if_they_were_not() -> None:
    before = column("at", "date", histogram_bounds=["2025-01-01", "2025-01-11", "2025-03-01"])
    after = column("at", "date", histogram_bounds=["2025-02-01", "2025-02-11", "2025-04-01"])
    found = compare(profile(table("orders", before)), profile(table("orders", after)))
    assert found.moved_days == 31
    assert found.columns[0].ks == pytest.approx(0.0)


def test_withheld_values_are_said_and_not_guessed() -> None:
    hidden = column("email", "text", histogram_bounds=None, withheld="personal")
    found = compare(profile(table("orders", hidden)), profile(table("orders", column("email", "text")))).columns[0]
    assert (found.top, found.ks, found.why) == (None, None, "values withheld (personal)")


def test_children_per_parent_are_those_of_the_statistics() -> None:
    key = Constraint(
        name="k", kind="foreign key", definition="", columns=["customer"], references="public.customers",
        references_columns=["id"],
    )  # fmt: skip
    customers = table("customers", column("id"), rows=1000)
    theirs = profile(customers, table("orders", column("customer", n_distinct=500.0), keys=(key,)))
    ours = profile(customers, table("orders", column("customer", n_distinct=1000.0), keys=(key,)))
    found = compare(theirs, ours).fan_out[0]
    assert (found.children, found.ours, found.childless, found.childless_ours) == (20.0, 10.0, 0.5, 0.0)
    assert found.ratio == 0.5
    assert found.score > 1


def test_joins_come_with_the_worst_first() -> None:
    same = profile(table("orders", column()))
    joins = [
        JoinRows(statement="a", expected=1.0, ours=1.0), JoinRows(statement="b", expected=4.0, ours=0.0),
        JoinRows(statement="c", expected=1.0, ours=3.0),
    ]  # fmt: skip
    assert [one.statement for one in compare(same, same, joins).joins] == ["b", "c", "a"]


def test_a_profile_without_statistics_is_one_clear_message() -> None:
    bare = profile(table("orders", replace(column(), statistics=None)))
    with pytest.raises(UsageError) as caught:
        compare(bare, bare)
    assert str(caught.value) == (
        "The profile of shop has no statistics: there is nothing to compare with.\n"
        "It is captured 2026-01-01, with 1 tables\n"
        "To fix: run ANALYZE on production, then prodparity capture URL, as a role that may read the tables"
    )


def test_the_page_loads_nothing_and_escapes_every_name() -> None:
    wild = "</title><script>alert('x')</script>"
    odd = profile(table(wild, column(wild), column("\"'&<b>", null_frac=0.5)))
    joins = [JoinRows(statement=wild, expected=1.0, ours=2.0)]
    text = page(compare(replace(odd, database=wild), odd, joins, [wild]))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'" in text
    assert text.count("<polyline") == 4
