"""numpy's chance, from the run's one seed; and where in the order of its values a row stands."""

from __future__ import annotations

import numpy as np

from ..core.seeds import seeded
from .values import Array


def generator(seed: int, *names: str) -> np.random.Generator:
    """A generator of its own for `names`."""
    return np.random.Generator(np.random.SFC64(seeded(seed, *names).getrandbits(64)))


def mixed(codes: Array, salt: int) -> Array:
    """A 64-bit number for each code that looks like chance and is the same everywhere (splitmix64)."""
    with np.errstate(over="ignore"):
        state = codes.astype("u8") * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt & 0xFFFFFFFFFFFFFFFF)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(state ^ (state >> np.uint64(31)))


def shares(correlation: float, start: int, count: int, total: int, chance: np.random.Generator) -> Array:
    """For each of `count` rows from `start` on, of `total`: which share of the values lies below its own.

    Uniform on [0, 1), and correlated with the row's position as asked: moved a little from the position and reflected
    at the ends where the correlation is strong, a sorted part of the rows where it is weak. Two uniform numbers with a
    mean square distance of d have a correlation of 1 - 6 d.
    """
    strength = abs(correlation)
    if strength < 0.02:
        # each block has its fair share of every value
        return (chance.permutation(count) + chance.random(count)) / max(1, count)
    place = (np.arange(start, start + count) + chance.random(count)) / max(1, total)
    if strength < 0.999:
        if strength >= 0.6:
            width = _width(strength)
            place = place + (chance.random(count) * 2 - 1) * width
            place = np.abs(place)
            place = np.where(place > 1, 2 - place, place)
        else:
            place = np.where(chance.random(count) < strength, place, chance.random(count))
    if correlation < 0:
        place = 1 - place
    if count == total and strength < 0.999:
        ranks = np.empty(count, "i8")
        ranks[np.argsort(place, kind="stable")] = np.arange(count)
        place = (ranks + chance.random(count)) / max(1, count)
    return np.clip(place, 0, np.nextafter(1.0, 0))


def _width(strength: float) -> float:
    """How far to move: reflected at the ends, w leaves a correlation of 1 - 2 w² + w³ (measured from 0.6 to 1)."""
    width = 0.0
    for _ in range(20):
        width = float(np.sqrt((1 - strength) / (2 - width)))
    return width


def order(correlation: float, total: int, chance: np.random.Generator) -> Array:
    """A permutation of 0 … total - 1 that is correlated with the position as asked."""
    if correlation > 0.999:
        return np.arange(total)
    if correlation < -0.999:
        return np.arange(total)[::-1].copy()
    if abs(correlation) < 0.02:
        return chance.permutation(total)
    ranks = np.empty(total, "i8")
    ranks[np.argsort(shares(correlation, 0, total, total, chance), kind="stable")] = np.arange(total)
    return ranks
