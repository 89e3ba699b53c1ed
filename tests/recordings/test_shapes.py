"""Shapes: a new field informs, a missing one warns, a changed type fails; values say nothing."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_prodparity.recordings.shapes import changes, shape

CASES: list[tuple[Any, Any, list[str]]] = [
    ({"a": 1, "b": "x"}, {"a": 2.5, "b": "y"}, []),
    ({"a": 1}, {"a": 1, "b": 2}, ["inform .b is new"]),
    ({"a": 1, "b": 2}, {"a": 1}, ["warn .b is missing, was there"]),
    ({"a": 1}, {"a": "1"}, ["fail .a is text, was number"]),
    ({"a": {"b": 1}}, {"a": [1]}, ["fail .a is list, was object"]),
    ({"a": None}, {"a": "x"}, []),
    ({"a": "x"}, {"a": None}, []),
    ({"a": {"b": 1}}, {"a": None}, []),
    ([], [{"a": 1}], []),
    ([{"a": 1}], [], []),
    ([{"a": 1}, {"a": 2, "b": 1}], [{"a": 1}], []),
    ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": "2"}], ["warn [].a is also text, was number"]),
    ([{"a": {"b": [True]}}], [{"a": {"b": [0]}}], ["fail [].a.b[] is number, was boolean"]),
    ({"17": {"n": 1}, "23": {"n": 2}}, {"99": {"n": 3}}, []),
    ({"17": {"n": 1}}, {"99": {"n": "3"}}, ["fail .*.n is text, was number"]),
    ({"USD": 1, "EUR": 2}, {"GBP": 1}, []),
    ({"a": 1}, [1], ["fail  is list, was object"]),
]


@pytest.mark.parametrize(("recorded", "live", "expected"), CASES)
def test_shapes_are_compared_and_values_are_not(recorded: Any, live: Any, expected: list[str]) -> None:
    found = [f"{one.severity} {one.path} {one.told}" for one in changes(shape(recorded), shape(live))]
    assert found == expected
