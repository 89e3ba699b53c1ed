"""What is made of a load's figures, without a load."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections import Counter

import numpy as np
import pytest

from pytest_prodparity.races.measured import Latency, Remains, Stress
from pytest_prodparity.races.pacing import Arrivals, Closed, Once
from pytest_prodparity.races.queues import NO_LOCK_WAITS, NO_POOL_WAITS

DEADLOCK = "DeadlockDetected (40P01)"


def stressed(times: np.ndarray, labels: tuple[str | None, ...]) -> Stress:
    latency = Latency.of(times[:, 1], "")
    return Stress(
        actors=4, seconds=5.0, rate=None, calls=len(times), done=len(times), latency=latency, service=latency,
        throughput=1.0, errors=Counter(), deadlocks=0, serialization_failures=0, pool_waits=NO_POOL_WAITS,
        lock_waits=NO_LOCK_WAITS, left=Remains(), times=times, labels=labels,
    )  # fmt: skip


@pytest.fixture
def many() -> Stress:
    chance = np.random.default_rng(1)
    times = np.column_stack([np.sort(chance.uniform(0, 5, 50_000)), chance.exponential(0.01, 50_000)])
    times[31_234, 1] = 3.0
    return stressed(times, tuple([DEADLOCK if n % 9_000 == 17 else None for n in range(50_000)]))


def test_each_quantile_is_a_call_that_was_seen() -> None:
    latency = Latency.of(np.arange(1, 1001) / 1000, "")
    assert (latency.p50, latency.p90, latency.p99, latency.p999, latency.max) == (0.5, 0.9, 0.99, 0.999, 1.0)
    assert str(latency) == "p50 500 ms  p90 900 ms  p99 990 ms  p99.9 999 ms  max 1.00 s"


def test_no_call_has_no_latency_and_keeps_no_promise() -> None:
    latency = Latency.of(np.empty(0), "")
    assert not latency.p99 < 1_000
    assert str(latency) == "no call was measured"


def test_of_many_points_the_slowest_and_the_errors_are_kept(many: Stress) -> None:
    points = many.points()
    assert len(points) <= 2_000
    assert [point.at for point in points] == sorted(point.at for point in points)
    assert max(point.latency for point in points) == 3.0
    assert sum(point.error == DEADLOCK for point in points) == 6


def test_of_few_points_all_are_kept() -> None:
    few = stressed(np.array([[0.2, 0.1], [0.1, 0.3]]), (DEADLOCK, None))
    assert [(point.at, point.latency, point.error) for point in few.points()] == [
        (0.1, 0.3, None),
        (0.2, 0.1, DEADLOCK),
    ]


def test_the_picture_is_small_static_and_of_the_texts_colour(many: Stress) -> None:
    picture = many.svg()
    root = ET.fromstring(picture)
    assert root.tag.endswith("svg")
    assert len(picture) < 40_000
    assert "script" not in picture
    assert root.attrib["fill"] == "currentColor"
    labels = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"1 ms", "10 ms", "1 s", "0 s", "5 s"} <= set(labels)
    assert root[0].text is not None
    assert root[0].text.startswith("4 actors")


@pytest.mark.parametrize("times", [np.empty((0, 2)), np.array([[0.0, 0.25]]), np.array([[0.0, 0.0]])])
def test_a_picture_of_next_to_nothing_is_one(times: np.ndarray) -> None:
    ET.fromstring(stressed(times, (None,) * len(times)).svg())


def arrivals(seed: int, rate: float = 1_000) -> list[float]:
    begin = time.monotonic() + 1_000
    pace = Arrivals(rate, begin=begin, mark=begin, end=begin + 2, seed=seed)
    found = []
    while (due := pace.due()) is not None:
        found.append(due - begin)
    return found


def test_arrivals_follow_from_the_seed() -> None:
    first, again, other = arrivals(1), arrivals(1), arrivals(2)
    assert first == pytest.approx(again)
    assert first[:5] != pytest.approx(other[:5])


def test_arrivals_come_at_their_rate_and_not_at_even_distances() -> None:
    found = arrivals(1)
    assert 1_800 < len(found) < 2_200
    distances = np.diff(found)
    assert distances.std() == pytest.approx(distances.mean(), rel=0.15)  # as of a Poisson process


def test_arrivals_that_nobody_took_are_known_but_for_the_warm_ups() -> None:
    now = time.monotonic()
    pace = Arrivals(1_000, begin=now - 3, mark=now - 1, end=now + 1_000, seed=1)
    taken = pace.due()
    assert taken is not None
    assert now - 1 <= taken < now
    ended = Arrivals(1_000, begin=now - 3, mark=now - 2, end=now - 1, seed=1)
    assert ended.due() is None
    missed = ended.missed()
    assert all(now - 2 <= due < now - 1 for due in missed)
    assert len(missed) > 800


def test_a_closed_pace_ends_with_its_time_and_once_is_once() -> None:
    assert Closed(time.monotonic() + 100).due() is not None
    assert Closed(time.monotonic()).due() is None
    once = Once()
    assert once.due() is not None
    assert once.due() is None
    assert once.missed() == Closed(0).missed() == []
