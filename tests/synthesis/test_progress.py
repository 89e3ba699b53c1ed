"""What a build that takes long says."""

from __future__ import annotations

from pytest_prodparity.synthesis.progress import Lines, remaining


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_short_build_says_nothing() -> None:
    said: list[str] = []
    clock = Clock()
    lines = Lines(said.append, clock=clock)
    for done in range(0, 1001, 100):
        clock.now += 0.1
        lines(done, 1000, "public.orders")
    assert said == []
    assert not lines.said


def test_a_long_build_says_a_line_every_five_seconds_with_the_time_left() -> None:
    said: list[str] = []
    clock = Clock()
    lines = Lines(said.append, clock=clock)
    for done in range(0, 1_000_001, 50_000):
        lines(done, 1_000_000, "public.orders")
        clock.now += 1
    assert said == [
        "building the volume: 10 % of 1,000,000 rows, public.orders, about 18 s left",
        "building the volume: 35 % of 1,000,000 rows, public.orders, about 13 s left",
        "building the volume: 60 % of 1,000,000 rows, public.orders, about 8 s left",
        "building the volume: 85 % of 1,000,000 rows, public.orders, about 3 s left",
    ]


def test_nothing_is_said_of_the_time_left_when_all_rows_are_there() -> None:
    said: list[str] = []
    clock = Clock()
    lines = Lines(said.append, clock=clock)
    clock.now += 3
    lines(1_000, 1_000, "indexes")
    assert said == ["building the volume: 100 % of 1,000 rows, indexes"]
    assert remaining(0, 1_000, 9) is None
    assert remaining(1_000, 1_000, 9) is None


def test_who_waits_for_another_process_says_so() -> None:
    said: list[str] = []
    clock = Clock()
    lines = Lines(said.append, clock=clock)
    for waited in range(9):
        lines.waiting(float(waited))
        clock.now += 1
    assert said == [
        "another process builds this volume; waiting for it, 2 s so far",
        "another process builds this volume; waiting for it, 7 s so far",
    ]
