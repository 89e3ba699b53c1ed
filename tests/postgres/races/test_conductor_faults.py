"""A fault at one step of one actor, while the others run."""

from __future__ import annotations

import psycopg

from pytest_prodparity.faults.kinds.reply_lost import ReplyLost
from pytest_prodparity.faults.kinds.reset_peer import ResetPeer
from pytest_prodparity.faults.kinds.sql_state import SqlState
from tests.postgres.races.conftest import Listed, Stage
from tests.postgres.races.test_conductor import withdraw


def test_the_reply_to_a_commit_is_lost_while_another_waits_for_it(stage: Stage) -> None:
    crew = stage.crew(lambda: withdraw(stage.url, 80), lambda: withdraw(stage.url, 70))

    execution = crew.run(Listed((0, 1, 0, 1, 0, 1)), faults={(0, 2): ReplyLost()})

    assert execution.status == "done"
    assert execution.order == (0, 1, 0, 1, 0, 1)
    assert isinstance(execution.outcomes[0].error, psycopg.OperationalError)
    assert execution.outcomes[1].error is None
    assert execution.steps[4].tags == ("COMMIT",)
    assert stage.balance == 30
    assert execution.notes == ()


def test_a_statement_that_is_not_sent_leaves_the_row_to_the_other(stage: Stage) -> None:
    crew = stage.crew(lambda: withdraw(stage.url, 80), lambda: withdraw(stage.url, 70))

    execution = crew.run(Listed((0, 1, 0, 1, 1)), faults={(0, 1): ResetPeer()})

    assert [outcome.error is None for outcome in execution.outcomes] == [False, True]
    assert execution.order == (0, 1, 0, 1, 1)
    assert execution.steps[2].after == ""
    assert stage.balance == 30


def test_a_step_that_fails_as_if_by_the_server(stage: Stage) -> None:
    crew = stage.crew(lambda: withdraw(stage.url, 80), lambda: withdraw(stage.url, 70))

    execution = crew.run(Listed((0, 1)), faults={(1, 1): SqlState("40001")})

    assert [outcome.sqlstate for outcome in execution.outcomes] == [None, "40001"]
    assert stage.balance == 20
