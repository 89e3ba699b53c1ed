"""Regular expressions backwards: texts that match, distinct where asked."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pytest_prodparity.synthesis.evaluate import compiled
from pytest_prodparity.synthesis.expressions import Constant, Unreadable
from pytest_prodparity.synthesis.patterns import from_like, from_similar, shape, texts, to_python
from pytest_prodparity.synthesis.values import texts_of

PATTERNS = [
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$", r"^\d{5}$", r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "^(a|b|cc){9}$", r"^(\d{5}|\d{5}-\d{4})$", r"^#[a-f0-9]{6}$", r"^\+[1-9][0-9]{6,14}$",
    r"^[a-z0-9]+(?:-[a-z0-9]+)*$", r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$", r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$",
    r"^\d{1,3}(\.\d{1,3}){3}$", r"^v?[0-9]+\.[0-9]+(\.[0-9]+)?$", r"^97[89]-\d-\d{4}-\d{4}-\d$", r"^x", r"y$", "abc",
    r"^[[:alpha:]][[:alnum:]_]{0,9}$", r"^[^[:space:]]+$", r"^(yes|no)$", r"^a\.b\\c\[$", r"^[]a-]{3}$", "^ä{2}ö?$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_makes_texts_that_match_it(pattern: str) -> None:
    found = shape(pattern)
    made = texts_of(texts(found, np.random.default_rng(7).integers(0, 2**62, 500)))
    matches = compiled("~", Constant(pattern, "text"))
    assert [text for text in made if text is None or not matches(text.encode())] == []


@pytest.mark.parametrize("pattern", [r"^\d{5}$", r"^[A-Z]{2,6}[0-9]{1,3}$", r"^(\d{3}|[a-z]{3})$", r"^x[0-9a-f]{12}$"])
def test_different_numbers_are_different_texts(pattern: str) -> None:
    found = shape(pattern)
    count = min(found.size, 20_000)
    made = texts_of(texts(found, np.arange(count)))
    assert len(set(made)) == count


def test_a_shape_can_be_limited_to_what_a_column_holds() -> None:
    found = shape("^[a-z]{2,40}$").within(3, 12)
    assert found.alternatives
    assert {len(text or "") for text in texts_of(texts(found, np.arange(1000) * 10**12))} <= set(range(3, 13))


@pytest.mark.parametrize("pattern", ["^(?=a)b$", r"^(a)\1$", "***=x", "[[:nonsense:]]"])
def test_a_pattern_beyond_us_is_said_so(pattern: str) -> None:
    def both() -> None:
        to_python(pattern)
        shape(pattern)

    with pytest.raises(Unreadable):
        both()


@pytest.mark.parametrize(
    ("made", "matching", "other"),
    [
        (from_like("/%"), "/a/b", "b/"),
        (from_like(r"50\%_"), "50%x", "50xx"),
        (from_like("a.c"), "a.c", "abc"),
        (from_similar("[A-Z]{1,3}-(a|b)%"), "AB-axyz", "AB-cxyz"),
        (from_similar("v_.0"), "v1.0", "v1x0"),
    ],
)
def test_like_and_similar_to_become_regular_expressions(made: str, matching: str, other: str) -> None:
    assert re.search(to_python(made), matching)
    assert not re.search(to_python(made), other)
