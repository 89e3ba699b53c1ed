"""`parity_race` in a project: what it finds, what it proves, what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from tests.project import Project, Result

Make = Callable[[Mapping[str, str]], Project]

ENVIRONMENT = """\
[tool.prodparity.env]
DATABASE_DSN = "{db.dsn}"
[tool.pytest.ini_options]
asyncio_default_fixture_loop_scope = "function"
"""

APP = """\
import asyncio

import asyncpg
import psycopg


def pay(dsn, order, amount):
    with psycopg.connect(dsn) as connection:
        (total,) = connection.execute('SELECT total FROM "order" WHERE id = %s', (order,)).fetchone()
        if total < amount:
            return False
        connection.execute('UPDATE "order" SET total = %s WHERE id = %s', (total - amount, order))
        return True


def pay_rightly(dsn, order, amount):
    with psycopg.connect(dsn) as connection:
        paid = connection.execute(
            'UPDATE "order" SET total = total - %s WHERE id = %s AND total >= %s', (amount, order, amount)
        )
        return paid.rowcount == 1


def swap(dsn, first, second):
    with psycopg.connect(dsn) as connection:
        for order in (first, second):
            connection.execute('UPDATE "order" SET total = total + 1 WHERE id = %s', (order,))


async def pay_async(dsn, order, amount):
    connection = await asyncpg.connect(dsn)
    try:
        total = await connection.fetchval('SELECT total FROM "order" WHERE id = $1', order)
        await asyncio.sleep(0)
        await connection.execute('UPDATE "order" SET total = $2 WHERE id = $1', order, total - amount)
    finally:
        await connection.close()


def place(dsn, customer):
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "INSERT INTO \\"order\\" (customer_id, state, total) VALUES (%s, 'open', 5) RETURNING id", (customer,)
        ).fetchone()
"""

TESTS = """\
import app
import pytest
from pytest_prodparity import ReplyLost

pytestmark = pytest.mark.prodparity


@pytest.fixture
def order(parity_db):
    parity_db.owner.execute("INSERT INTO customer VALUES (900001, 'Ada', 'c1')")
    return parity_db.owner.execute(
        "INSERT INTO \\"order\\" (id, customer_id, state, total) VALUES (9000001, 900001, 'open', 100), (9000002, 900001, 'open', 100) RETURNING id"
    ).fetchone()[0]


def total(parity_db, order):
    return parity_db.owner.execute('SELECT total FROM "order" WHERE id = %s', (order,)).fetchone()[0]


def test_lost(parity_db, parity_race, order):
    parity_race(lambda: app.pay(parity_db.dsn, order, 30), lambda: app.pay(parity_db.dsn, order, 50))


def test_right(parity_db, parity_race, order):
    race = parity_race(lambda: app.pay_rightly(parity_db.dsn, order, 80), lambda: app.pay_rightly(parity_db.dsn, order, 80))
    assert (race.verdict, race.exhausted) == ("clean", True), race
    assert total(parity_db, order) == 100  # nothing of it is left


def test_twelve(parity_db, parity_race, order):
    parity_race(*[lambda amount=amount: app.pay(parity_db.dsn, order, amount) for amount in range(1, 13)])


def test_six_right(parity_db, parity_race, order):
    race = parity_race(*[lambda amount=amount: app.pay_rightly(parity_db.dsn, order, amount) for amount in range(1, 7)])
    assert (race.verdict, race.exhausted) == ("clean", False), race


def test_deadlock(parity_db, parity_race, order):
    parity_race(
        lambda: app.swap(parity_db.dsn, order, order + 1),
        lambda: app.swap(parity_db.dsn, order + 1, order),
    )


def test_ids_do_not_count(parity_db, parity_race, order):
    race = parity_race(lambda: app.place(parity_db.dsn, 900001), lambda: app.place(parity_db.dsn, 900001))
    assert (race.verdict, race.exhausted) == ("clean", True), race


@pytest.mark.asyncio
async def test_async(parity_db, parity_race, order):
    await parity_race(lambda: app.pay_async(parity_db.dsn, order, 30), lambda: app.pay_async(parity_db.dsn, order, 50))


@pytest.mark.prodparity(allow=["not-serializable"])
def test_allowed(parity_db, parity_race, order):
    race = parity_race(lambda: app.pay(parity_db.dsn, order, 30), lambda: app.pay(parity_db.dsn, order, 50))
    assert race.verdict == "found"


def test_invariant(parity_db, parity_race, order):
    def paid_at_most_once():
        assert total(parity_db, order) >= 60, "paid twice"

    parity_race(
        lambda: app.pay_rightly(parity_db.dsn, order, 30),
        lambda: app.pay_rightly(parity_db.dsn, order, 30),
        invariant=paid_at_most_once,
    )


def test_with_a_fault(parity_db, parity_race, order):
    race = parity_race(
        lambda: app.pay_rightly(parity_db.dsn, order, 30),
        lambda: app.pay_rightly(parity_db.dsn, order, 50),
        faults=[ReplyLost()],
    )
    assert (race.verdict, race.exhausted) == ("clean", True), race
    assert race.schedules > 12, race


def test_what_if(parity_db, parity_race, order):
    table = parity_race.what_if(lambda: app.pay(parity_db.dsn, order, 30), lambda: app.pay(parity_db.dsn, order, 50))
    assert "lost update" in str(table).splitlines()[0], table
    assert "40001" in str(table).splitlines()[2], table
    with parity_db.connect() as connection:
        assert connection.execute("SHOW default_transaction_isolation").fetchone() == ("read committed",)


def test_nothing_of_them_is_left(parity_db, order):
    assert total(parity_db, order) == 100
"""

BAD = """\
import app
import pytest

pytestmark = pytest.mark.prodparity


def test_one(parity_race):
    parity_race(print)


def test_many(parity_race):
    parity_race(*[print] * 13)


async def nothing():
    pass


def test_coroutine(parity_race):
    parity_race(nothing(), nothing())


def test_silent(parity_race):
    race = parity_race(lambda: 1, lambda: 2)
    assert (race.verdict, race.exhausted) == ("clean", True), race


def test_never_the_same(parity_db, parity_race):
    numbers = iter(range(1000))
    names = lambda: f"c{next(numbers)}"

    def add():
        with parity_db.connect() as connection:
            connection.execute("INSERT INTO country SELECT 'x' || n, 'y' FROM generate_series(1, %s) n", (next(numbers),))

    race = parity_race(add, lambda: None)
    assert race.verdict == "cannot tell", race
    assert "something else each time" in race.why


def test_no_fault(parity_race):
    parity_race(print, print, faults=[print])


def test_bug(parity_db, parity_race):
    def add():
        with parity_db.connect() as connection:
            connection.execute("SELECT 1 FROM there_is_none")

    parity_race(add, add)


def test_raising_invariant(parity_db, parity_race):
    def add():
        with parity_db.connect() as connection:
            connection.execute("UPDATE country SET name = 'y' WHERE code = 'c1'")

    parity_race(add, add, invariant=lambda: 1 / 0)


def test_still_well(parity_db):
    with parity_db.connect() as connection:
        connection.execute("SELECT 1")
"""


@pytest.fixture(scope="module")
def raced(module_project: Make) -> Result:
    return module_project({"pyproject.toml": ENVIRONMENT, "app.py": APP, "test_pay.py": TESTS}).run("-v")


def section(result: Result, test: str) -> str:
    """What the failure of one test says."""
    found = re.search(rf"_+ {test} _+\n(.*?)\n(?=_+ test_|=+ )", result.out, re.DOTALL)
    assert found is not None, result.out
    return found[1]


def test_what_is_found_fails_its_test_and_nothing_else_does(raced: Result) -> None:
    assert raced.report is not None, raced.out
    outcomes = {test["id"].partition("::")[2]: test["outcome"] for test in raced.report["tests"]}
    assert outcomes == {
        "test_lost": "failed",
        "test_right": "passed",
        "test_twelve": "failed",
        "test_six_right": "passed",
        "test_deadlock": "failed",
        "test_ids_do_not_count": "passed",
        "test_async": "failed",
        "test_allowed": "passed",
        "test_invariant": "failed",
        "test_with_a_fault": "passed",
        "test_what_if": "passed",
        "test_nothing_of_them_is_left": "passed",
    }, raced.out


def test_findings_are_named(raced: Result) -> None:
    assert raced.report is not None
    rules = {found["test"].partition("::")[2]: found["rule"] for found in raced.report["findings"]}
    assert rules == {
        "test_lost": "not-serializable",
        "test_twelve": "not-serializable",
        "test_deadlock": "deadlock",
        "test_async": "not-serializable",
        "test_invariant": "invariant-broken",
    }, raced.out
    assert [found["rule"] for found in raced.report["allowed"]] == ["not-serializable"]


def test_a_finding_shows_the_order_and_what_differs(raced: Result) -> None:
    said = section(raced, "test_lost")
    assert "lost update of order" in said
    assert "app.pay(parity_db.dsn, order, 30)" in said
    assert re.search(r"1 SELECT total FROM .order. WHERE id = \$1\n +app.py:9", said), said
    assert "(id=9000001) total: 100 -> " in said
    assert "WHERE id = 9000001" not in said
    assert "waits for" in section(raced, "test_deadlock")


def test_the_report_says_how_far_each_race_looked(raced: Result) -> None:
    assert raced.report is not None
    races = {test["id"].partition("::")[2]: test["races"] for test in raced.report["tests"]}
    assert races["test_nothing_of_them_is_left"] == []
    (right,) = races["test_right"]
    assert (right["verdict"], right["exhausted"]) == ("clean", True)
    assert right["schedules"] >= 4
    assert right["source"].startswith("test_pay.py:")
    assert raced.report["summary"]["races"] == 10
    assert "every order that can matter" in raced.out


def test_the_replay_runs_that_order_alone(raced: Result, module_project: Make) -> None:
    assert raced.report is not None
    found = next(one for one in raced.report["findings"] if one["test"].endswith("test_lost"))
    token = found["details"]["token"]
    assert found["replay"].endswith(f"--parity-replay={token}")
    made = module_project({"pyproject.toml": ENVIRONMENT, "app.py": APP, "test_pay.py": TESTS})
    again = made.run("test_pay.py::test_lost", f"--parity-replay={token}")
    assert [rule for rule, _ in again.findings] == ["not-serializable"], again.out
    other = made.write({"app.py": APP + "\n\npay = pay_rightly\n"})
    changed = other.run("test_pay.py::test_lost", f"--parity-replay={token}")
    assert changed.findings == [], changed.out
    assert changed.report is not None
    assert "was to go" in changed.report["untold"][0]["reason"], changed.out


def test_of_many_callables_two_that_fail_are_shown_and_replayed(raced: Result, module_project: Make) -> None:
    assert raced.report is not None
    found = next(one for one in raced.report["findings"] if one["test"].endswith("test_twelve"))
    assert re.fullmatch(r"r:2/\d+,\d+:.*", found["details"]["token"]), found
    assert re.fullmatch(r"\d+ and \d+", found["details"]["callables"])
    made = module_project({"pyproject.toml": ENVIRONMENT, "app.py": APP, "test_pay.py": TESTS})
    again = made.run("test_pay.py::test_twelve", f"--parity-replay={found['details']['token']}")
    assert [rule for rule, _ in again.findings] == ["not-serializable"], again.out
    fewer = made.run("test_pay.py::test_lost", "--parity-replay=r:2/3,7:0x3.1x2.0~5f2c")
    assert "is an order of callable 8, and this race has 2" in fewer.out


def test_what_cannot_be_raced_is_said(module_project: Make) -> None:
    result = module_project({"pyproject.toml": ENVIRONMENT, "app.py": APP, "test_bad.py": BAD}).run("-v")
    assert "parity_race was given 1 callable, and a race needs two" in section(result, "test_one")
    assert "parity_race was given 13 callables, and looks at 12 at most" in section(result, "test_many")
    assert "parity_race was given the coroutine nothing(), which cannot be called again" in section(
        result, "test_coroutine"
    )
    assert "parity_race(faults=…): <built-in function print> is no fault" in section(result, "test_no_fault")
    assert "UndefinedTable" in section(result, "test_bug")
    assert "raised by callable 1 of parity_race when nothing else runs" in section(result, "test_bug")
    assert "raised by the invariant of parity_race" in section(result, "test_raising_invariant")
    assert result.outcomes == {"failed": 6, "passed": 3}, result.out


def test_off_runs_the_serial_orders_alone(module_project: Make) -> None:
    made = module_project({"pyproject.toml": ENVIRONMENT, "app.py": APP, "test_pay.py": TESTS})
    result = made.run("test_pay.py::test_lost", "--parity-level=off")
    assert result.outcomes == {"passed": 1}, result.out
    assert result.report is not None
    (race,) = result.report["tests"][0]["races"]
    assert (race["exhausted"], race["why"]) == (False, "only the serial orders were run")


STRESS = """\
import psycopg
import pytest
from psycopg_pool import ConnectionPool

pytestmark = pytest.mark.prodparity


def touch(pool, code):
    with pool.connection() as connection:
        connection.execute("UPDATE country SET name = 'x' WHERE code = %s", (code,))


def nested(pool):
    with pool.connection() as connection:
        connection.execute("SELECT 1")
        with pool.connection() as other:
            other.execute("SELECT 2")


@pytest.fixture
def pool(parity_db):
    with ConnectionPool(parity_db.dsn, min_size=2, max_size=2, timeout=1, open=True) as opened:
        yield opened


def test_well(parity_db, parity_stress, pool):
    stress = parity_stress(lambda actor: touch(pool, f"c{actor}"), actors=4, seconds=1)
    assert stress.calls > 10, stress
    assert not stress.findings


def test_exhausted(parity_db, parity_stress, pool):
    parity_stress(lambda: nested(pool), actors=4, seconds=1)


@pytest.mark.asyncio
async def test_async(parity_db, parity_stress):
    async def touch_async():
        connection = await psycopg.AsyncConnection.connect(parity_db.dsn)
        async with connection:
            await connection.execute("SELECT 1")

    stress = await parity_stress(touch_async, actors=2, seconds=0.5)
    assert stress.calls > 2, stress
"""


def test_a_load_fails_its_test_by_what_it_finds(module_project: Make) -> None:
    result = module_project({"pyproject.toml": ENVIRONMENT, "test_load.py": STRESS}).run()
    assert result.outcomes == {"failed": 1, "passed": 2}, result.out
    assert [rule for rule, _ in result.findings] == ["pool-exhausted"], result.out
    assert "n-plus-one" not in result.out
