"""The empty twin's plans are the full database's, to the last digit."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pytest_prodparity.twin.plan import Plan
from pytest_prodparity.twin.twin import Twin
from tests.postgres.twin.world import QUERIES, explained


@pytest.mark.parametrize("query", QUERIES)
def test_a_plan_is_productions(production: psycopg.Connection[Any], twin: Twin, query: str) -> None:
    answer = twin.plan(query)
    assert isinstance(answer, Plan), answer
    assert answer.root.raw == explained(production, query)


def test_extended_statistics_find_their_columns_after_others_were_dropped(
    production: psycopg.Connection[Any], twin: Twin
) -> None:
    query = "SELECT city, country FROM shifted WHERE city = 'city 7' AND country = 'country 7' GROUP BY 1, 2"
    answer = twin.plan(query)
    assert isinstance(answer, Plan), answer
    right = explained(production, query)
    assert (answer.root.rows, answer.cost) == (right["Plan Rows"], right["Total Cost"])
    assert answer.root.children[0].rows == right["Plans"][0]["Plan Rows"]
    assert answer.root.children[0].rows > 400, "as if the two columns were independent"


def test_nothing_had_to_be_left_out(twin: Twin) -> None:
    assert twin.notes == ()
    assert twin.exact
    assert twin.caveat is None
