"""Places in a column's order, from probed shares of ranks."""

from __future__ import annotations

import numpy as np

from pytest_prodparity.profile.model import Column, Table
from pytest_prodparity.profile.probed import Companion, NullPattern, Probes
from pytest_prodparity.synthesis import companions

CHANCE = np.random.default_rng(5)
COUNTS = ["80 10 10", "10 10 80", "0 200 0"]


def test_both_columns_keep_their_shares_and_go_together() -> None:
    base = np.repeat([3, 5, 9], [2500, 2500, 5000])
    ranked = companions.by_ranks(Companion(column="a", base="b", counts=COUNTS), None, base)
    assert ranked is not None
    groups = ranked.groups(base)
    assert [int(groups[at]) for at in (0, 3000, 9000)] == [0, 1, 2]
    places = ranked.shares(groups, CHANCE.random(len(base)))
    ends = np.cumsum([0.225, 0.55])
    mine = np.searchsorted(ends, places, side="right")
    assert abs(float((mine[base == 3] == 0).mean()) - 0.8) < 0.05
    assert abs(float((mine[base == 5] == 2).mean()) - 0.8) < 0.05
    assert float((mine[base == 9] == 1).mean()) > 0.98
    # uniform: the column's own distribution stays as it is
    assert float(np.abs(np.sort(places) - (np.arange(len(places)) + 0.5) / len(places)).max()) < 0.03


def test_another_column_with_other_shares_is_left_alone() -> None:
    base = np.repeat([3, 5, 9], [9000, 500, 500])
    assert companions.by_ranks(Companion(column="a", base="b", counts=COUNTS), None, base) is None


def test_a_column_follows_from_which_others_are_null() -> None:
    patterns = [NullPattern(columns=["paid_at"], share=0.4), NullPattern(columns=[], share=0.6)]
    table = Table(
        schema="public", name="t", kind="table", columns=[Column(name="state", type="text")],
        probes=Probes(null_patterns=patterns),
    )  # fmt: skip
    found = companions.by_nulls(Companion(column="state", base="", counts=["400 0", "0 600"], patterns=[0, 1]), table)
    assert found is not None
    places = found.shares(np.array([0] * 100 + [1] * 100), CHANCE.random(200))
    assert float(places[:100].max()) < 0.4 <= float(places[100:].min())
    wrong = Companion(column="state", base="", counts=["1 1"], patterns=[7])
    assert companions.by_nulls(wrong, table) is None
