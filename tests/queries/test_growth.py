"""What two volumes tell of a third."""

from __future__ import annotations

import pytest

from pytest_prodparity.queries.growth import Growth
from pytest_prodparity.queries.statements import sort
from pytest_prodparity.wire.trip import Statement, Trip

SQL = "SELECT * FROM orders WHERE total > 5"


def trip(seconds: float, rows: int = 0, number: int = 1) -> Trip:
    return Trip(
        connection=1, number=number, statements=(Statement(sql=SQL, rows=rows, tag="SELECT"),), started=10.0 * number,
        ended=10.0 * number + seconds, bytes_out=1, bytes_in=1, before="I", after="I",
    )  # fmt: skip


def at_production(here: float, before: float | None, rows: float) -> float | None:
    """Seconds with `rows`, where it took `here` with 1 000 000 and `before` with 250 000."""
    rehearsed = () if before is None else (trip(before),)
    growth = Growth(rows={"public.orders": 1_000_000}, fewer={"public.orders": 250_000}, trips=rehearsed)
    return growth.seconds_with(sort([trip(here)]).groups[0], "public.orders", rows)


@pytest.mark.parametrize(
    ("here", "before", "rows", "expected"),
    [
        (0.4, 0.1, 10_000_000, 4.0),  # with the rows
        (1.6, 0.1, 2_000_000, 6.4),  # with their square
        (9.0, 0.1, 2_000_000, 36.0),  # no faster than that
        (0.4, 0.4, 10_000_000, 0.4),  # not at all
        (0.4, 0.9, 10_000_000, 0.4),  # nor backwards
        (0.4, None, 1_000_000, 0.4),  # it is all there
        (0.4, None, 10_000_000, None),  # one volume tells of no other
        (0.09, 0.03, 10_000_000, None),  # too short to be told from noise
        (0.4, 0.01, 10_000_000, None),  # nor is there anything to compare with
        (0.4, 0.1, 100_000_000, None),  # too far away
    ],
)
def test_a_time_is_carried_over_as_it_grew(here: float, before: float | None, rows: float, expected: float) -> None:
    assert at_production(here, before, rows) == pytest.approx(expected)


def test_what_was_not_rehearsed_has_no_slope() -> None:
    group = sort([trip(0.1)]).groups[0]
    assert Growth(rows={}).slope(group) is None
    assert Growth(rows={}, fewer={"public.orders": 5}, trips=()).slope(group) is None


@pytest.mark.parametrize(("before", "now", "repeats"), [(1, 1, False), (2, 8, True), (1, 4, False), (10, 19, False)])
def test_more_executions_are_growth_from_twice_as_many_on(before: int, now: int, repeats: bool) -> None:
    growth = Growth(
        rows={"public.orders": 4}, fewer={"public.orders": 1}, trips=[trip(0.1, number=n) for n in range(before)]
    )
    slope = growth.slope(sort([trip(0.1, number=n) for n in range(now)]).groups[0])
    assert slope is not None
    assert slope.repeats is repeats
    assert slope.times == (before, now)
