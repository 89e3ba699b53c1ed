"""Real clients under a director: the steps come in the order that it says, and the database decides who waits."""

from __future__ import annotations

import psycopg

from tests.postgres.races.conftest import Stage


def withdraw(url: str, amount: int) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT balance FROM account WHERE id = 1").fetchone()
        assert row is not None
        connection.execute("UPDATE account SET balance = %s WHERE id = 1", [row[0] - amount])
    return int(row[0])


def test_the_steps_come_in_the_directors_order(stage: Stage) -> None:
    crew = stage.crew(lambda: withdraw(stage.url, 80), lambda: withdraw(stage.url, 70))

    execution = stage.run(crew, 0, 1, 0, 0, 1, 1)

    assert execution.status == "done"
    assert execution.order == (0, 1, 0, 0, 1, 1)
    assert [step.ready.statements[0].split()[0] for step in execution.steps] == [
        "SELECT", "SELECT", "UPDATE", "COMMIT", "UPDATE", "COMMIT",
    ]  # fmt: skip
    assert [outcome.value for outcome in execution.outcomes] == [100, 100]
    assert stage.balance == 30


def test_one_after_the_other_is_a_serial_order(stage: Stage) -> None:
    crew = stage.crew(lambda: withdraw(stage.url, 80), lambda: withdraw(stage.url, 70))

    execution = crew.run(serially=(1, 0))

    assert execution.order == (1, 1, 1, 0, 0, 0)
    assert [outcome.value for outcome in execution.outcomes] == [30, 100]
    assert stage.balance == -50


def test_who_waits_in_the_database_is_not_asked_and_goes_on_when_the_other_commits(stage: Stage) -> None:
    crew = stage.crew(lambda: withdraw(stage.url, 80), lambda: withdraw(stage.url, 70))

    execution = stage.run(crew, 0, 1, 0, 1, 0, 1)

    assert execution.order == (0, 1, 0, 1, 0, 1)
    assert execution.steps[3].waited_for == (0,)
    assert [len(choice.enabled) for choice in execution.choices] == [2, 2, 2, 2, 1, 1]
    assert stage.balance == 30
