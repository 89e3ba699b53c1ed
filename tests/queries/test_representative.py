"""A key that a test has made stands for production's keys."""

from __future__ import annotations

import pytest

from pytest_prodparity.profile.model import ColumnStatistics
from pytest_prodparity.queries.planning import largest_key


def statistics(*shares: float, distinct: float = 1000) -> ColumnStatistics:
    return ColumnStatistics(
        null_frac=0, avg_width=8, n_distinct=distinct, most_common_freqs=list(shares),
        most_common_vals=[str(10 + at) for at in range(len(shares))],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (None, None),
        (statistics(), None),
        (statistics(0.07, 0.02), "10"),
        (statistics(0.4, 0.02), "11"),  # the first is a guest, or the system
        (statistics(0.4), None),
        (statistics(0.4, 0.3, 0.3, distinct=3), None),  # three keys that are alike
        (statistics(0.0003, 0.0001, distinct=-0.1), None),  # seen a few times: chance
        (statistics(0.002, 0.001), None),  # no key has many more rows than others
    ],
)
def test_the_largest_key_is_production_s_worst_case_unless_it_stands_for_nobody(
    known: ColumnStatistics | None, expected: str | None
) -> None:
    assert largest_key(known) == expected
