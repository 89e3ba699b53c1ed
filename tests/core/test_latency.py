"""How long a round trip takes."""

from __future__ import annotations

import statistics

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.core.latency import Latency


def drawn(latency: Latency, seed: int = 7) -> list[float]:
    sampler = latency.sampler(seed)
    return sorted(sampler.sample() * 1000 for _ in range(20_000))


def at(taken: list[float], share: float) -> float:
    return taken[int(share * (len(taken) - 1))]


def test_a_constant_latency_is_constant() -> None:
    assert set(drawn(Latency(ms=0.5))) == {0.5}


def test_jitter_is_even_on_both_sides() -> None:
    taken = drawn(Latency(ms=1, jitter=0.4))
    assert taken[0] >= 0.6
    assert taken[-1] <= 1.4
    assert at(taken, 0.25) == pytest.approx(0.8, abs=0.02)


def test_a_lognormal_tail_has_its_median_and_its_p99() -> None:
    taken = drawn(Latency(ms=1, p99=8))
    assert statistics.median(taken) == pytest.approx(1, rel=0.05)
    assert at(taken, 0.99) == pytest.approx(8, rel=0.15)


def test_measured_quantiles_come_back() -> None:
    taken = drawn(Latency.measured([0.4, 0.5, 0.8, 2.0], tail=True))
    assert (taken[0], taken[-1]) == (0.4, 2.0)
    assert [at(taken, share) for share in (0.5, 0.9)] == pytest.approx([0.5, 0.8], abs=0.02)


def test_without_its_tail_a_profile_gives_its_median_and_half_a_millisecond_where_it_has_none() -> None:
    assert Latency.measured([0.4, 0.6, 0.8, 2.0], tail=False) == Latency(ms=0.6)
    assert Latency.measured([], tail=True) == Latency(ms=0.5)


def test_the_same_seed_draws_the_same() -> None:
    latency = Latency(ms=1, jitter=0.4)
    assert drawn(latency, 3) == drawn(latency, 3)
    assert drawn(latency, 3) != drawn(latency, 4)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"ms": -1}, "Latency(ms=-1) is no time"),
        ({"ms": "1 ms"}, "Latency(ms='1 ms') is no number"),
        ({"ms": 1, "jitter": 2}, "a round trip would take less than no time"),
        ({"ms": 1, "p99": 0.5}, "one in a hundred takes at least as long as the median"),
        ({"ms": 1, "kb_per_s": 0}, "Latency(kb_per_s=0) is no rate"),
        ({"ms": 1, "jitter": 0.1, "p99": 3}, "one of jitter, p99 and quantiles"),
        ({"ms": 1, "quantiles": (2, 1, 3, 4)}, "four rising numbers"),
    ],
)
def test_a_wrong_latency_is_named(wrong: dict[str, float], says: str) -> None:
    with pytest.raises(UsageError) as raised:
        Latency(**wrong)  # type: ignore[arg-type]
    assert says in str(raised.value)
