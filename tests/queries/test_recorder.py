from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from pytest_prodparity.core.expectation import Budget, Expectation
from pytest_prodparity.queries.fingerprint import shape
from pytest_prodparity.queries.judge import judge
from pytest_prodparity.queries.recorder import Recorder
from pytest_prodparity.queries.rules.over_budget import OverBudget
from pytest_prodparity.queries.rules.protocol import Claim, Evidence
from pytest_prodparity.queries.statements import kind, sort
from pytest_prodparity.wire.trip import Statement
from tests.queries.sending import TEST, sent, together


def test_only_what_happens_while_watching_is_kept() -> None:
    recorder = Recorder()
    recorder.trip(sent("SELECT 1 FROM a"))
    recorder.start()
    kept = sent("SELECT 2 FROM a")
    recorder.trip(kept)
    assert recorder.stop() == (kept,)
    recorder.trip(sent("SELECT 3 FROM a"))
    assert recorder.trips == (kept,)
    assert recorder.stop() == (kept,)


def test_memory_is_bounded_and_what_is_dropped_is_said() -> None:
    recorder = Recorder(limit=2)
    for _ in range(5):
        recorder.trip(sent("SELECT 1 FROM a"))
    trips = recorder.stop()
    assert (len(trips), recorder.dropped) == (2, 3)
    judgement = judge(
        trips, planner=None, profile=None, expectation=Expectation(), thresholds={}, test=TEST, dropped=recorder.dropped
    )
    assert judgement.untold[-1].reason == "3 round trips more than can be kept were sent and not judged"


def test_long_texts_count_by_their_length() -> None:
    recorder = Recorder(text=1000)
    for _ in range(5):
        recorder.trip(sent("SELECT 1 FROM a WHERE b = $1", "x" * 400))
    assert (len(recorder.stop()), recorder.dropped) == (2, 3)


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT * FROM orders", "own"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "own"),
        ("SELECT o.id FROM orders o JOIN pg_catalog.pg_class c ON true", "own"),
        ("SELECT t.oid, typarray FROM pg_type t WHERE t.oid = to_regtype($1)", "catalogue"),
        ("SELECT table_name FROM information_schema.tables WHERE table_schema = $1", "catalogue"),
        ("select pg_catalog.version()", "catalogue"),
        ("select current_schema()", "catalogue"),
        ("SELECT 1", "catalogue"),
        ("SELECT CAST('test plain returns' AS VARCHAR(60)) AS anon_1", "own"),
        ("SELECT pg_advisory_xact_lock($1)", "catalogue"),
        ("SELECT place_order($1)", "own"),
        ("show standard_conforming_strings", "utility"),
        ("SET statement_timeout = 5", "utility"),
        ("CREATE TABLE x (id int)", "utility"),
        ("COPY orders FROM STDIN", "utility"),
        ("COPY orders TO STDOUT", "own"),
        ("BEGIN", "transaction"),
        ("COMMIT", "transaction"),
        ("SAVEPOINT sa_savepoint_1", "transaction"),
        ("ROLLBACK TO SAVEPOINT sa_savepoint_1", "transaction"),
        ("RELEASE SAVEPOINT sa_savepoint_1", "transaction"),
    ],
)
def test_what_kind_of_statement_it_is(sql: str, what: str) -> None:
    assert kind(shape(sql)) == what


def test_executions_are_grouped_by_fingerprint_and_line() -> None:
    found = sort([
        sent("SELECT * FROM a WHERE id = 1", at="shop.py:5 f"),
        sent("select * from a where id = $1", 2, at="shop.py:5 f"),
        sent("SELECT * FROM a WHERE id = 1", at="shop.py:9 g"),
        sent("SELECT * FROM a", sqlstate="42P01"),
        sent("BEGIN"),
    ])  # fmt: skip
    assert [(str(group.source), len(group.executions)) for group in found.groups] == [
        ("shop.py:5", 2),
        ("shop.py:9", 1),
    ]
    assert (found.failed, found.transaction) == (1, 1)


def test_what_is_only_described_has_not_run() -> None:
    trip = sent("SELECT * FROM a")
    trip = dataclasses.replace(trip, statements=(Statement(sql="SELECT * FROM a", described_only=True),))
    assert sort([trip]).groups == []


def test_the_line_that_spent_most_is_the_place() -> None:
    trips = [
        sent("SELECT * FROM a", at="shop.py:5 f"),
        *[sent(f"SELECT {n} FROM b", at="shop.py:9 g") for n in range(2)],
    ]
    judgement = judge(
        trips,
        planner=None,
        profile=None,
        expectation=Expectation(queries=Budget(statements=2)),
        thresholds={},
        test=TEST,
    )
    assert [str(found.source) for found in judgement.findings] == ["shop.py:9"]


def spent(budget: Budget) -> list[tuple[str, str]]:
    trips = [
        sent("BEGIN", state="IT"),
        together(sent("SELECT * FROM a", rows=30), sent("SELECT * FROM b", rows=4)),
        sent("SELECT * FROM a WHERE id = $1", 1, rows=1),
        sent("SELECT oid FROM pg_catalog.pg_type", rows=600),
        sent("COMMIT", state="TI"),
    ]
    judgement = judge(
        trips, planner=None, profile=None, expectation=Expectation(queries=budget), thresholds={}, test=TEST
    )
    return [(found.subject, found.title) for found in judgement.findings]


def test_a_budget_counts_the_tests_own_statements_round_trips_and_rows() -> None:
    assert spent(Budget(statements=3, trips=4, rows=35)) == []
    assert spent(Budget(statements=2, trips=3, rows=34)) == [
        ("statements", "3 statements, the budget is 2"),
        ("trips", "4 trips, the budget is 3"),
        ("rows", "35 rows, the budget is 34"),
    ]
    assert spent(Budget(statements=0)) == [("statements", "3 statements, the budget is 0")]


def test_a_rule_that_breaks_is_told_and_costs_nothing_else() -> None:
    class Broken:
        id = "seq-scan"

        def find(self, evidence: Evidence) -> Iterator[Claim]:
            raise KeyError("secret")
            yield

    judgement = judge(
        [sent("SELECT * FROM a")] * 3, planner=None, profile=None, expectation=Expectation(queries=Budget(rows=0, trips=1)),
        thresholds={}, test=TEST, rules=[Broken(), OverBudget()],
    )  # fmt: skip
    assert [found.subject for found in judgement.findings] == ["trips"]
    assert judgement.untold[0].reason == "the rule seq-scan broke with KeyError; please report it"
