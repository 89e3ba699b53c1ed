"""Who loads which blocks."""

from __future__ import annotations

from pytest_prodparity.synthesis.load import LOT, Counter, Job
from pytest_prodparity.synthesis.values import CHUNK


def job(name: str, blocks: int) -> Job:
    return Job(schema="public", name=name, rows=blocks * CHUNK, seed=1, columns=())


def test_a_small_table_is_loaded_by_one_and_a_large_one_by_all() -> None:
    counter = Counter([job("large", LOT + 4), job("small", 3), job("empty", 0), job("other", 2)])
    one, two = counter.taker(), counter.taker()
    taken: dict[str, list[tuple[int, int]]] = {"one": [], "two": []}
    while True:
        found = [("one", one()), ("two", two())]
        for who, block in found:
            if block is not None:
                taken[who].append(block)
        if not any(block for _, block in found):
            break
    everything = sorted([*taken["one"], *taken["two"]])
    assert everything == sorted(
        (at, start * CHUNK) for at, count in ((0, LOT + 4), (1, 3), (3, 2)) for start in range(count)
    )
    for number in (1, 3):
        holders = [who for who, blocks in taken.items() if any(at == number for at, _ in blocks)]
        assert len(holders) == 1
        mine = [start for at, start in taken[holders[0]] if at == number]
        assert mine == sorted(mine)
    assert all(any(at == 0 for at, _ in blocks) for blocks in taken.values())
