"""The same problem has the same fingerprint, whatever was done to the file around it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_prodparity.core.findings import Source
from tests.gate.reports import found

FINDING = found(statement="SELECT id FROM orders WHERE status = $1 AND id IN ($2, $3)")


def test_code_that_moved_by_fifty_lines_is_the_same() -> None:
    assert FINDING.source is not None
    assert replace(FINDING, source=replace(FINDING.source, line=81)).fingerprint == FINDING.fingerprint


@pytest.mark.parametrize(
    "statement",
    [
        "\n    SELECT id\n    FROM orders\n    WHERE status = $1\n      AND id IN ( $2, $3 )\n",
        "select id from orders where status = $1 and id in ($2, $3)",
        "SELECT id FROM orders WHERE status = 'open' AND id IN (1, 2, 3, 4)",
    ],
)
def test_a_statement_that_was_formatted_or_has_other_values_is_the_same(statement: str) -> None:
    assert replace(FINDING, statement=statement).fingerprint == FINDING.fingerprint


def test_a_renamed_file_keeps_the_first_half() -> None:
    renamed = replace(FINDING, source=Source(path="shop/sales/orders.py", line=9, function="open_orders"))
    assert renamed.fingerprint != FINDING.fingerprint
    assert renamed.fingerprint[:8] == FINDING.fingerprint[:8]


def test_a_renamed_test_file_keeps_the_first_half_of_what_has_no_line() -> None:
    bare = replace(FINDING, source=None, test="tests/test_a.py::test_x[1]")
    renamed = replace(bare, test="tests/new/test_b.py::test_x[1]")
    assert renamed.fingerprint[:8] == bare.fingerprint[:8]
    assert renamed.fingerprint != bare.fingerprint
    assert replace(bare, test="tests/test_a.py::test_y").fingerprint[:8] != bare.fingerprint[:8]


@pytest.mark.parametrize(
    "other",
    [
        {"rule": "spill"},
        {"subject": "customers"},
        {"statement": "SELECT id FROM orders WHERE status = $1"},
        {"source": Source(path="shop/orders.py", line=31, function="other")},
    ],
)
def test_another_rule_subject_statement_or_function_is_another_finding(other: dict[str, object]) -> None:
    assert replace(FINDING, **other).fingerprint[:8] != FINDING.fingerprint[:8]  # type: ignore[arg-type]


def test_half_a_character_in_a_statement_does_no_harm() -> None:
    assert len(replace(FINDING, statement="SELECT '\ud800' FROM \udfff").fingerprint) == 16
