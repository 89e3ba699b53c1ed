"""Where a column's values come from."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_prodparity.synthesis.sources import After, Drawn, Uuids

DAY = 86_400_000_000
LIMITS = {DAY: (-(2**31), 2**31 - 1), 1: (-(2**63), 2**63 - 1)}


@pytest.mark.parametrize("unit", LIMITS)
@pytest.mark.parametrize("base_unit", LIMITS)
def test_what_lies_after_infinity_is_infinite(base_unit: int, unit: int) -> None:
    after = After(
        base=Drawn(name="base", source=Uuids(size=1, salt=0)), unit=unit, base_unit=base_unit,
        shares=np.array([0.0, 1.0]), seconds=np.array([86_400.0, 86_400.0]),
    )  # fmt: skip
    low, high = LIMITS[base_unit]
    found = after.codes(np.array([low, 20 * DAY // base_unit, high]), np.full(3, 0.5))
    assert found.tolist() == [LIMITS[unit][0], 21 * DAY // unit, LIMITS[unit][1]]
