"""`n-plus-one` needs no plan: only trips, and the source that sent them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.core.expectation import Expectation
from pytest_prodparity.core.findings import Judgement
from pytest_prodparity.queries.judge import judge
from pytest_prodparity.wire.trip import Trip
from tests.queries.sending import TEST, sent, together

SHOP = """\
def names(c):
    orders = c.execute("parent").fetchall()
    out = []
    for order in orders:
        out.append(c.execute("child", [order.customer_id]))
    return out

def one(c, key):
    return c.execute("child", [key])

def listed(c, orders):
    return [c.execute("child", [order.id]) for order in orders]

def retried(c, key):
    for attempt in range(3):
        c.execute("child", [key])

def settings(c):
    for name in ("currency", "locale", "country", "theme", "size"):
        c.execute("child", [name])

def tree(c, node):
    c.execute("child", [node])
    tree(c, node.child)

def serialised(order):
    return order.customer.name

def save(session, rows):
    for batch in rows:
        session.add_all(batch)
        session.commit()

def insert(c, rows):
    for row in rows:
        c.execute("insert", row)
    c.executemany("insert", rows)

def worker(c):
    while job := c.execute("fetch").fetchone():
        c.execute("child", [job.id])
        c.commit()

def query(c, sql, *values):
    return c.execute(sql, values)

def through_helper(c, orders):
    for order in orders:
        query(c, "child", order.id)

def mapped(c, orders):
    return list(map(load, orders)) + list(map(lambda order: query(c, "child", order.id), orders))

def written(c):
    return list(map(load, (1, 2, 3, 4, 5)))

def mailed(c, people):
    for person in people:
        send(person)
        c.execute("insert", person)
"""

TESTS = """\
def test_shop(c):
    names(c)
    one(c, 1), one(c, 2), one(c, 3)
    for key in keys:
        one(c, key)
        names(c)
        c.execute("child", [key])
    assert [one(c, key) for key in keys]
    assert [row.id for row in names(c)]
"""

PARENT = "SELECT id, customer_id FROM orders"
CHILD = "SELECT name FROM customers WHERE id = $1"
INSERT = "INSERT INTO lines (id) VALUES ($1)"
IN_TEST = ("tests/test_shop.py:2 test_shop",)
LOOP_OF_TEST = ("tests/test_shop.py:5 test_shop",)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "tests/test_shop.py").write_text(TESTS)
    return tmp_path


def judged(root: Path, *trips: Trip) -> Judgement:
    return judge(trips, planner=None, profile=None, expectation=Expectation(), thresholds={}, test=TEST, root=root)


def rules(root: Path, *trips: Trip) -> list[str]:
    return [f"{found.rule} {found.source}" for found in judged(root, *trips).findings]


def children(keys: range, at: str, sql: str = CHILD, stack: tuple[str, ...] = IN_TEST, rows: int = 1) -> list[Trip]:
    return [sent(sql, key, at=at, stack=stack, rows=rows) for key in keys]


def test_a_query_per_row_of_a_parent(root: Path) -> None:
    parent = sent(PARENT, at="shop.py:2 names", stack=IN_TEST, rows=4)
    found = judged(root, parent, *children(range(4), "shop.py:5 names")).findings
    assert [(each.rule, each.subject, str(each.source)) for each in found] == [("n-plus-one", "customers", "shop.py:5")]
    assert found[0].title == "runs 4 times: one query per row of orders"
    assert found[0].remedy is not None
    assert "WHERE id = ANY($1)" in found[0].remedy.text


def test_values_written_into_the_text_are_keys_too(root: Path) -> None:
    parent = sent(PARENT, at="shop.py:2 names", stack=IN_TEST, rows=3)
    trips = [
        sent(f"SELECT name FROM customers WHERE id = {key}", at="shop.py:5 names", stack=IN_TEST) for key in range(3)
    ]
    assert rules(root, parent, *trips) == ["n-plus-one shop.py:5"]


def test_a_lazy_load_that_a_library_repeats(root: Path) -> None:
    parent = sent(PARENT, at="shop.py:2 names", stack=IN_TEST, rows=3)
    assert rules(root, parent, *children(range(3), "shop.py:27 serialised")) == ["n-plus-one shop.py:27"]
    assert rules(root, *children(range(9), "shop.py:27 serialised")) == []


def test_a_loop_over_rows_that_came_from_elsewhere_needs_five_keys(root: Path) -> None:
    assert rules(root, *children(range(5), "shop.py:12 listed")) == ["n-plus-one shop.py:12"]
    assert rules(root, *children(range(4), "shop.py:12 listed")) == []


def test_a_query_per_node_of_a_tree(root: Path) -> None:
    trips = [
        sent(CHILD, key, at="shop.py:23 tree", stack=("shop.py:24 tree",) * (key + 1) + IN_TEST) for key in range(6)
    ]
    assert rules(root, *trips) == ["n-plus-one shop.py:23"]


def test_a_function_of_the_users_that_sends_everything(root: Path) -> None:
    at = "shop.py:45 query"
    looped = children(range(6), at, stack=("shop.py:49 through_helper", *IN_TEST))
    assert rules(root, *looped) == ["n-plus-one shop.py:45"]
    apart = [sent(CHILD, key, at=at, stack=(f"shop.py:{60 + key} f{key}", *IN_TEST)) for key in range(6)]
    assert rules(root, *apart) == []


def test_rows_that_are_inserted_one_by_one(root: Path) -> None:
    assert rules(root, *children(range(5), "shop.py:36 insert", INSERT)) == ["n-plus-one shop.py:36"]
    assert rules(root, *children(range(4), "shop.py:36 insert", INSERT)) == []


def test_a_function_that_is_mapped_over_rows(root: Path) -> None:
    at = "shop.py:9 one"
    assert rules(root, *children(range(5), "shop.py:9 load", stack=("shop.py:52 mapped", *IN_TEST))) == [
        "n-plus-one shop.py:9"
    ]
    lazily = ("shop.py:52 mapped.<locals>.<lambda>", "shop.py:52 mapped", *IN_TEST)
    assert rules(root, *children(range(5), at, stack=lazily)) == ["n-plus-one shop.py:9"]
    assert rules(root, *children(range(5), at, stack=("shop.py:55 written", *IN_TEST))) == []


def test_what_a_comprehension_goes_through_is_evaluated_once(root: Path) -> None:
    trips = children(range(5), "shop.py:5 names", stack=("tests/test_shop.py:9 test_shop",))
    assert rules(root, *trips) == ["n-plus-one shop.py:5"]


def test_a_line_that_was_not_seen_is_taken_from_the_same_statement(root: Path) -> None:
    trips = children(range(5), "shop.py:5 names")
    unseen = sent(CHILD, 2, at="")
    assert rules(root, *trips[:2], unseen, *trips[3:]) == ["n-plus-one shop.py:5"]


def test_tasks_that_run_at_once_need_a_parent(root: Path) -> None:
    alone = children(range(8), "shop.py:9 one", stack=())
    assert rules(root, *alone) == []
    parent = sent(PARENT, at="shop.py:2 names", stack=IN_TEST, rows=8)
    assert rules(root, parent, *children(range(8), "shop.py:9 one", stack=())) == ["n-plus-one shop.py:9"]


def innocent() -> dict[str, list[Trip]]:
    parent = sent(PARENT, at="shop.py:2 names", stack=IN_TEST, rows=50)
    loop = "shop.py:5 names"
    return {
        "fewer than the threshold": [parent, *children(range(2), loop)],
        "one row": [parent, *children(range(1), loop)],
        "the same key again": [parent, *[sent(CHILD, 7, at=loop, stack=IN_TEST) for _ in range(9)]],
        "a retry in a loop of the test": [sent(CHILD, key, at="shop.py:16 retried", stack=LOOP_OF_TEST) for key in (1, 1, 2, 2, 3, 3)],
        "the test's own loop": children(range(9), "shop.py:9 one", stack=LOOP_OF_TEST),
        "the test's own comprehension": children(
            range(9), "shop.py:9 one", stack=("tests/test_shop.py:8 test_shop.<locals>.<listcomp>", "tests/test_shop.py:8 test_shop")
        ),
        "calls on one line of the test": children(range(3), "shop.py:9 one", stack=("tests/test_shop.py:3 test_shop",)),
        "calls on several lines of the test": [
            sent(CHILD, key, at="shop.py:9 one", stack=(f"tests/test_shop.py:{20 + key} test_shop",)) for key in range(9)
        ],
        "a list that is written in the code": children(range(5), "shop.py:20 settings"),
        "pages": [sent("SELECT * FROM orders LIMIT 10 OFFSET $1", n * 10, at=loop, stack=IN_TEST) for n in range(9)],
        "keyset pages": [
            sent("SELECT * FROM orders WHERE id > $1 ORDER BY id LIMIT 10", n * 10, at=loop, stack=IN_TEST, rows=10) for n in range(9)
        ],
        "keyset pages by two columns": [
            sent("SELECT * FROM orders WHERE (day, id) > ($1, $2) ORDER BY day, id LIMIT 10", n, n, at=loop, stack=IN_TEST, rows=10)
            for n in range(9)
        ],
        "chunks": [sent("SELECT * FROM orders WHERE id IN ($1, $2)", n, n + 1, at=loop, stack=IN_TEST) for n in range(0, 18, 2)],
        "chunks as arrays": [sent("SELECT * FROM orders WHERE id = ANY($1)", f"{{{n},{n + 1}}}", at=loop, stack=IN_TEST) for n in range(9)],
        "chunks by range": [
            sent("UPDATE orders SET x = 1 WHERE id >= $1 AND id < $2", n, n + 10, at=loop, stack=IN_TEST) for n in range(0, 200, 10)
        ],
        "one pipeline": [together(*children(range(20), "shop.py:37 insert", INSERT))],
        "a flush": children(range(20), "shop.py:32 save", INSERT),
        "executemany in separate trips": children(range(20), "shop.py:37 insert", INSERT),
        "batches of many rows": [
            sent("INSERT INTO lines (id) VALUES ($1), ($2)", n, n + 1, at="shop.py:37 insert", stack=IN_TEST) for n in range(0, 40, 2)
        ],
        "functions without a table": [sent("SELECT pg_notify('changed', $1)", n, at=loop, stack=IN_TEST) for n in range(9)],
        "catalogue": [sent("SELECT * FROM pg_catalog.pg_type WHERE oid = $1", n, at=loop, stack=IN_TEST) for n in range(9)],
        "failed ones": [sent(CHILD, n, at=loop, stack=IN_TEST, sqlstate="40001") for n in range(9)],
        "no source": children(range(9), ""),
        "queue's workers beside each other": [
            trip
            for n in range(6)
            for trip in (
                *(sent("SELECT id FROM jobs LIMIT 1 FOR UPDATE SKIP LOCKED", at="shop.py:40 worker", stack=IN_TEST, rows=1, state="TT", connection=each) for each in (1, 2)),
                *(sent("UPDATE jobs SET done = true WHERE id = $1", 2 * n + each, at="shop.py:41 worker", stack=IN_TEST, state="TT", connection=each) for each in (1, 2)),
                *(sent("COMMIT", at="shop.py:42 worker", stack=IN_TEST, state="TI", connection=each) for each in (1, 2)),
            )
        ],
        "a savepoint for each row": [
            trip
            for n in range(6)
            for trip in (
                sent("SAVEPOINT line", at="shop.py:35 insert", stack=IN_TEST, state="TT"),
                sent(INSERT, n, at="shop.py:36 insert", stack=IN_TEST, state="TT"),
            )
        ],
        "a mail and a row for each": children(range(6), "shop.py:60 mailed", INSERT),
        "a queue's worker": [
            trip
            for n in range(9)
            for trip in (
                sent("SELECT id FROM jobs WHERE state = 'new' LIMIT 1 FOR UPDATE SKIP LOCKED", at="shop.py:40 worker", stack=IN_TEST, rows=1, state="TT"),
                sent(CHILD, n, at="shop.py:41 worker", stack=IN_TEST, state="TT"),
                sent("COMMIT", at="shop.py:42 worker", stack=IN_TEST, state="TI"),
            )
        ],
    }  # fmt: skip


@pytest.mark.parametrize("name", list(innocent()))
def test_not_accused(root: Path, name: str) -> None:
    assert rules(root, *innocent()[name]) == []


def test_the_test_itself_may_loop_but_not_over_rows_that_it_has_just_read(root: Path) -> None:
    direct = [sent(CHILD, key, at="tests/test_shop.py:7 test_shop", stack=()) for key in range(5)]
    assert rules(root, *direct) == []
    parent = sent(PARENT, at="tests/test_shop.py:2 test_shop", stack=(), rows=5)
    direct = [sent(CHILD, key, at="tests/test_shop.py:7 test_shop", stack=()) for key in range(5)]
    assert rules(root, parent, *direct) == ["n-plus-one tests/test_shop.py:7"]


def test_statements_without_a_profile_are_counted_as_untold(root: Path) -> None:
    judgement = judged(root, sent(PARENT), sent("COMMIT"), sent("SET x = 1"), sent("SELECT version()"))
    assert [(each.statement, each.reason) for each in judgement.untold] == [(PARENT, "no profile")]
    assert judgement.statements == 0
