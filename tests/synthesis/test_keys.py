"""Keys that are unique together."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_prodparity.synthesis import keys


def test_a_reference_may_have_parents_that_statistics_do_not_count() -> None:
    """Rows of one parent lie together, so ANALYZE saw few parents: too few for as many combinations as there are rows."""
    chance = np.random.default_rng(3)
    parents, children = chance.integers(0, 20, 150), chance.integers(0, 6, 150)
    with pytest.raises(keys.Contradiction, match="150 rows need as many combinations"):
        keys.apart([parents, children], lambda rows, c: c.integers(0, 20, len(rows)), 0, np.random.default_rng(4))
    found = keys.apart(
        [parents, children], lambda rows, c: c.integers(0, 20, len(rows)), 0, np.random.default_rng(4),
        others={0: np.arange(40), 1: np.arange(6)},
    )  # fmt: skip
    assert len(set(zip(*(array.tolist() for array in found), strict=True))) == 150
    assert found[0].max() < 40
    assert found[1].max() < 6
