"""Texts of several words from the words of those that are known."""

from __future__ import annotations

import itertools

import numpy as np

from pytest_prodparity.synthesis.sentences import sentences
from pytest_prodparity.synthesis.values import texts_of

COLORS = [f"shade{number:02d}" for number in range(60)]
BOUNDS = [f"{COLORS[at % 60]} {COLORS[(at * 7) % 60]} {COLORS[(at * 11) % 60]} paint" for at in range(0, 300, 3)]


def test_words_come_as_often_as_in_the_bounds() -> None:
    made = sentences(BOUNDS, size=20_000, width=None, limit=None, salt=1)
    assert made is not None
    texts = [text for text in texts_of(made.make(np.arange(20_000))) if text is not None]
    known = {word for text in BOUNDS for word in text.split()}
    assert {word for text in texts for word in text.split()} <= known
    for word in ("paint", BOUNDS[0].split()[1]):
        expected = sum(text.split()[1:].count(word) for text in BOUNDS) / len(BOUNDS)
        found = sum(text.split()[1:].count(word) for text in texts) / len(texts)
        assert 0.6 * expected < found < 1.4 * expected


def test_the_first_word_rises_with_the_number_as_in_the_histogram() -> None:
    made = sentences(BOUNDS, size=10_000, width=None, limit=None, salt=1)
    assert made is not None
    firsts = [str(text).split()[0] for text in texts_of(made.make(np.arange(0, 10_000, 100)))]
    assert sum(one > two for one, two in itertools.pairwise(firsts)) < 35
    assert firsts[0] == min(BOUNDS).split()[0]
    assert firsts[-1] == max(BOUNDS).split()[0]


def test_unique_texts_differ_and_are_as_long_as_production_s() -> None:
    width = 31.5
    made = sentences(BOUNDS, size=5_000, width=width, limit=60, salt=2, unique=True)
    assert made is not None
    values = made.make(np.arange(5_000))
    assert values.lengths is not None
    assert len(set(texts_of(values))) == 5_000
    assert abs(float(values.lengths.mean()) - width) < 0.8
    assert int(values.lengths.max()) <= 60


def test_single_words_and_few_texts_tell_nothing() -> None:
    assert sentences(COLORS, size=1000, width=None, limit=None, salt=1) is None
    assert sentences(BOUNDS[:5], size=1000, width=None, limit=None, salt=1) is None
    assert sentences([f"{text} ä" for text in BOUNDS], size=1000, width=None, limit=20, salt=1) is None
