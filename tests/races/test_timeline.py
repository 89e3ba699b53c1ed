"""What a reader sees of a failing schedule: who said what in which order, who waited, and what came of it."""

from __future__ import annotations

from dataclasses import replace

from pytest_prodparity.races.execution import Execution, Waiting
from pytest_prodparity.races.oracle import Oracle, Verdict
from pytest_prodparity.races.spec import spec
from pytest_prodparity.races.timeline import LONGEST, WIDTH, head, timeline
from tests.races.traces import READ, STORE, Said, a, b, c, moved, run, withdrawals

WAITS = run(
    a(READ, "SELECT 1", line=14),
    b(READ, "SELECT 1", line=14),
    a(STORE, "UPDATE 1", line=17),
    b(STORE, "UPDATE 1", line=17, until=5, waits_for=(0,)),
    a("COMMIT", "COMMIT", line=18),
    b("COMMIT", "COMMIT", line=18),
    changes=[moved(20)],
)


def test_two_callables_have_a_column_each() -> None:
    serial = (withdrawals("AAABBB", moved(-60)), withdrawals("BBBAAA", moved(-60)))
    verdict = Oracle(serial).judge(WAITS)
    assert isinstance(verdict, Verdict)

    lines = timeline(WAITS, names=["withdraw(1, 80)"] * 2, differs=verdict.differs, nearest=verdict.nearest)

    assert lines == [
        "   A  withdraw(1, 80)                              B  withdraw(1, 80)",
        " 1 SELECT balance FROM account WHERE id = $1",
        "     shop/bank.py:14 · 1 row",
        " 2                                                 SELECT balance FROM account WHERE id = $1",
        "                                                     shop/bank.py:14 · 1 row",
        " 3 UPDATE account SET balance = $1 WHERE id = $2",
        "     shop/bank.py:17 · UPDATE 1",
        " 4                                                 UPDATE account SET balance = $1 WHERE id = $2",
        "                                                     shop/bank.py:17 · waits for A",
        " 5 COMMIT",
        "     shop/bank.py:18",
        "                                                     … 4 goes on: UPDATE 1",
        " 6                                                 COMMIT",
        "                                                     shop/bank.py:18",
        "In the end, held against A, then B:",
        "  expected  ~ account(id=1) balance: 100 -> -60",
        "  found     ~ account(id=1) balance: 100 -> 20",
    ]


def test_three_callables_share_a_column_with_their_names() -> None:
    long = "SELECT account.id AS account_id, account.owner AS account_owner, account.n FROM account WHERE id = 7 FOR UPDATE"
    execution = run(
        a(long, "SELECT 1", line=14),
        c("INSERT INTO payment (account, amount) VALUES ($1, $2) RETURNING id", "INSERT 0 1", line=30),
        b(STORE, "UPDATE 1", line=17, until=4, waits_for=(0,)),
        a("COMMIT", "COMMIT", line=18),
        b("ROLLBACK", line=19),
        values=(1, 2, 3),
        errors={1: KeyError("a secret")},
    )

    assert timeline(execution, width=90) == [
        " 1 A  SELECT … FROM account WHERE id = … FOR UPDATE         shop/bank.py:14 · 1 row",
        " 2 C  INSERT INTO payment …                                 shop/bank.py:30 · INSERT 0 1",
        " 3 B  UPDATE account SET balance = $1 WHERE id = $2         shop/bank.py:17 · waits for A",
        " 4 A  COMMIT                                                shop/bank.py:18",
        "   B    … 3 goes on: UPDATE 1",
        " 5 B  ROLLBACK                                              shop/bank.py:19",
        "B raises KeyError",
    ]


def test_no_line_is_wider_than_asked_for_and_a_long_schedule_is_shortened() -> None:
    wide = run(*[Said(actor=at % 3, sql=STORE + " AND owner = $3" * 9, line=7) for at in range(100)], values=(1, 2, 3))

    for width in (60, WIDTH):
        lines = timeline(wide, names=["a_very_long_name" * 9] * 3, differs=["x" * 300], width=width)
        assert max(map(len, lines)) <= width
    assert len(timeline(wide)) == LONGEST + 1
    assert any("40 lines left out" in line for line in timeline(wide))


def test_an_end_that_never_comes_is_shown() -> None:
    pool = Waiting(actor=0, on="pool", holders=(1,), said="waits in getconn; B holds the only connection")
    row = Waiting(actor=1, on="database", holders=(0,))
    execution = run(a(READ), b(STORE, until=0, waits_for=(0,)), status="deadlock", waiting=(pool, row))

    lines = timeline(execution)

    assert any("waits for A, without an end" in line for line in lines)
    assert lines[-2:] == [
        "A waits in getconn; B holds the only connection",
        "B waits for a lock in the database, held by A, without an end",
    ]


def test_a_failing_statement_shows_its_state_and_no_value() -> None:
    class Deadlock(Exception):
        sqlstate = "40P01"

    execution = run(a("UPDATE t SET n = 'secret' WHERE id = 4711", sqlstate="40P01"), errors={0: Deadlock("secret")})

    text = "\n".join(timeline(execution))

    assert "fails with 40P01" in text
    assert "A raises Deadlock (40P01)" in text
    assert "secret" not in text
    assert "4711" not in text


def test_the_head_of_a_statement_keeps_what_it_is_about() -> None:
    assert head("INSERT INTO t (a, b, c) VALUES (1, 2, 3) ON CONFLICT DO NOTHING", 45) == (
        "INSERT INTO t … ON CONFLICT DO NOTHING"
    )
    assert head("commit", 45) == "COMMIT"


def test_a_schedule_is_a_spec_of_isolationtester() -> None:
    assert spec(WAITS, title="lost update").splitlines() == [
        "# lost update",
        "# isolationtester prints which steps wait; put values in place of $1, $2, … and of the dots.",
        "# setup: the tables as they were when the test began the race",
        "",
        "session A",
        "step a1\t{ BEGIN; SELECT balance FROM account WHERE id = $1; }",
        "step a2\t{ UPDATE account SET balance = $1 WHERE id = $2; }",
        "step a3\t{ COMMIT; }",
        "",
        "session B",
        "step b1\t{ BEGIN; SELECT balance FROM account WHERE id = $1; }",
        "step b2\t{ UPDATE account SET balance = $1 WHERE id = $2; }",
        "step b3\t{ COMMIT; }",
        "",
        "permutation a1 b1 a2 b2 a3 b3",
    ]


def test_a_spec_says_the_isolation_level_and_a_second_connection_is_a_session_of_its_own() -> None:
    execution = run(
        a(READ, isolation="serializable"),
        a("SELECT 1", connection=9, auto=True),
        a("COMMIT"),
        a(READ, isolation="repeatable read"),
        a("ROLLBACK"),
        values=[1],
    )

    text = spec(execution)

    assert "step a1\t{ BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT balance" in text
    assert "session A_2\nstep a_2_1\t{ SELECT …; }" in text
    assert "step a3\t{ BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT balance" in text
    assert text.endswith("permutation a1 a_2_1 a2 a3 a4\n")


def test_an_empty_schedule_has_a_timeline_and_a_spec() -> None:
    empty: Execution = replace(WAITS, steps=(), choices=())

    assert timeline(empty) == ["   A                                               B"]
    assert spec(empty).endswith("permutation \n")
