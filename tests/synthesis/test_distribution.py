"""Statistics -> values, without a server."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_prodparity.synthesis import keys
from pytest_prodparity.synthesis.chance import generator, order, shares
from pytest_prodparity.synthesis.distribution import drawn_from, make, strictly


def test_common_values_have_their_share_and_the_histogram_the_rest() -> None:
    found = make(np.array([5, 900]), np.array([0.3, 0.2]), np.arange(0, 1010, 10), distinct=900)
    values = found.at((np.arange(100_000) + 0.5) / 100_000)
    assert (values == 5).mean() == pytest.approx(0.3, abs=0.01)
    assert (values == 900).mean() == pytest.approx(0.2, abs=0.01)
    assert np.median(values[(values != 5) & (values != 900)]) == pytest.approx(500, abs=15)


def test_with_no_more_values_than_bounds_the_bounds_are_the_values() -> None:
    found = make(np.zeros(0, "i8"), np.zeros(0), np.array([3, 7, 11]), distinct=3)
    assert set(found.at(np.linspace(0, 0.999, 100)).tolist()) == {3, 7, 11}


def test_values_keep_production_s_grid() -> None:
    found = make(np.zeros(0, "i8"), np.zeros(0), np.arange(0, 3000, 25), distinct=1e6)
    assert set((found.at(np.linspace(0, 0.999, 1000)) % 25).tolist()) == {0}


@pytest.mark.parametrize("wanted", [-1.0, -0.7, 0.0, 0.3, 0.8, 0.97, 1.0])
def test_rows_are_correlated_as_asked(wanted: float) -> None:
    places = shares(wanted, 0, 50_000, 50_000, generator(1, "test"))
    assert np.corrcoef(places, np.arange(50_000))[0, 1] == pytest.approx(wanted, abs=0.04)
    assert np.sort(order(wanted, 1000, generator(1, "test"))).tolist() == list(range(1000))


def test_draws_find_as_many_values_as_wanted() -> None:
    size = round(drawn_from(30_000, 100_000))
    found = generator(1, "test").integers(0, size, 100_000)
    assert len(np.unique(found)) == pytest.approx(30_000, rel=0.02)


def test_a_rising_sequence_is_moved_as_little_as_needed() -> None:
    assert strictly(np.array([1, 1, 1, 9, 9])).tolist() == [1, 2, 3, 9, 10]


def test_a_counter_s_values_tell_the_fan_out() -> None:
    # a third of the groups have one row, the others four
    sizes = keys.runs(np.array([9.0, 6.0, 6.0, 6.0]), 9_000, 27_000, generator(1, "test"))
    assert sizes.sum() == 27_000
    assert np.mean(sizes == 1) == pytest.approx(1 / 3, abs=0.02)
    assert np.mean(sizes == 4) == pytest.approx(2 / 3, abs=0.02)


def test_rows_that_repeat_a_key_get_another_value() -> None:
    first, second = np.repeat(np.arange(10), 10), np.zeros(100, "i8")
    found = keys.apart([first, second], lambda rows, chance: chance.integers(0, 10, len(rows)), 1, generator(1, "test"))
    assert len({*zip(found[0].tolist(), found[1].tolist(), strict=True)}) == 100


def test_more_rows_than_combinations_are_refused() -> None:
    with pytest.raises(keys.Contradiction, match="21 rows need as many combinations, and there are 20"):
        keys.apart(
            [np.arange(21) % 4, np.arange(21) % 5], lambda rows, chance: chance.integers(0, 5, len(rows)), 1,
            generator(1, "test"),
        )  # fmt: skip
