"""Under Hypothesis each example starts from the same state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.plugin.test_isolation import EMPTY, copies
from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]


@pytest.fixture
def project(project: Make) -> Make:
    """Without production's rows."""
    return lambda files: project({"pyproject.toml": EMPTY, **files})


SHOP = """\
def add(connection, code):
    connection.execute("INSERT INTO country VALUES (%s, 'x')", (code,))
"""

TESTS = """\
import psycopg
import pytest
from hypothesis import given, settings, strategies as st
import shop

pytestmark = pytest.mark.prodparity
seen = []

@settings(database=None, max_examples=40, deadline=None)
@given(number=st.integers(0, 3))
def test_each_starts_from_the_same(parity_db, number):
    seen.append(number)
    with parity_db.connect() as connection:
        assert connection.execute("SELECT count(*) FROM country").fetchone() == (0,)
        shop.add(connection, "a")
        for n in range(number):
            connection.execute("INSERT INTO country VALUES (%s, 'x')", (f"c{n}",))
    assert len(parity_db.delta()["country"].inserted) == number + 1

@pytest.fixture
def filled(parity_db):
    parity_db.owner.execute("INSERT INTO country VALUES ('f', 'fixture')")

@settings(database=None, max_examples=15, deadline=None)
@given(st.integers())
def test_what_a_fixture_wrote_stays(parity_db, some):
    with parity_db.connect() as connection:
        assert connection.execute("SELECT array_agg(code) FROM country").fetchone() == (["f"],)
        connection.execute("UPDATE country SET code = 'g'")
        DDL

test_what_a_fixture_wrote_stays = pytest.mark.usefixtures("filled")(test_what_a_fixture_wrote_stays)

class TestClass:
    @settings(database=None, max_examples=5, deadline=None)
    @given(st.booleans())
    def test_a_method(self, parity_db, some):
        with parity_db.connect() as connection:
            assert connection.execute("SELECT count(*) FROM country").fetchone() == (0,)
            shop.add(connection, "a")

def test_last(parity_db):
    assert len(seen) >= 4
    assert parity_db.owner.execute("SELECT count(*) FROM country").fetchone() == (0,)
"""


@pytest.mark.parametrize(
    ("isolation", "change"), [("delta", ""), ("delta", "CREATE TABLE extra (a int)"), ("clone", "")]
)
def test_each_example_starts_from_the_same_state(project: Make, isolation: str, change: str) -> None:
    tests = TESTS.replace("DDL", f"connection.execute('{change}')" if change else "")
    if isolation == "clone":
        tests = tests.replace("    assert len(parity_db.delta()", "    assert number >= 0 or len(parity_db.delta()")
    if change or isolation == "clone":
        tests = tests.replace("max_examples=15", "max_examples=3").replace("max_examples=40", "max_examples=12")
    result = project({"test_it.py": tests, "shop.py": SHOP}).run(
        "-W", "error::hypothesis.errors.HypothesisWarning", environment={"PRODPARITY_ISOLATION": isolation}
    )
    assert result.outcomes == {"passed": 4}, result.out
    assert result.findings == []
    assert {test for test, _ in copies(result)} == ({"test_what_a_fixture_wrote_stays"} if change else set())


FIXTURES = """\
import pytest
from hypothesis import given, settings, strategies as st

pytestmark = pytest.mark.prodparity
held = {}

def codes(connection):
    return [code for code, in connection.execute("SELECT code FROM country ORDER BY 1")]

@pytest.fixture
def filled(parity_db):
    with parity_db.connect() as connection:
        connection.execute("INSERT INTO country VALUES ('f', 'fixture')")
        BEFORE
    yield
    with parity_db.connect() as connection:
        assert codes(connection) == ["f"]
        assert connection.execute("DELETE FROM country").rowcount == 1

@pytest.fixture
def reading(filled, parity_db):
    held["reading"] = parity_db.connect()  # idle in a transaction from here on
    codes(held["reading"])

@pytest.mark.usefixtures("reading")
@settings(database=None, max_examples=4, deadline=None)
@given(st.integers(0, 3))
def test_it(parity_db, n):
    READS
    with parity_db.connect() as connection:
        assert codes(connection) == ["f"]
        connection.execute("INSERT INTO country VALUES ('e', 'example')")
        EXAMPLE

def test_last(parity_db):
    with parity_db.connect() as connection:
        assert codes(connection) == []
        assert connection.execute("SELECT to_regclass('extra')").fetchone() == (None,)
"""


CHANGES = {"none": "", "before": "BEFORE", "example": "EXAMPLE"}


def test_after_the_examples_a_fixture_finds_what_it_wrote(project: Make) -> None:
    files = {}
    for name, where in CHANGES.items():
        tests = FIXTURES.replace("READS", "pass" if where else "assert codes(held['reading']) == ['f']")
        for place in ("BEFORE", "EXAMPLE"):
            change = "connection.execute('CREATE TABLE extra (a int)')"
            tests = tests.replace(place, change if place == where else "pass")
        files[f"test_{name}.py"] = tests
    result = project(files).run()
    assert result.outcomes == {"passed": 6}, result.out
    assert result.report is not None
    assert result.report["leaks"] == []
    costly = {entry["test"] for entry in result.report["copies"]}
    assert costly == {"test_before.py::test_it", "test_example.py::test_it"}


FALSIFIED = """\
import pytest
from hypothesis import given, settings, strategies as st

@pytest.mark.prodparity
@settings(database=None, deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=6))
def test_it(parity_db, codes):
    with parity_db.connect() as connection:
        for code in codes:
            connection.execute("INSERT INTO country VALUES (%s, 'x')", (code,))

@pytest.fixture
def own(): return 1

@given(st.integers())
def test_own(parity_db, own, some):
    pass
"""


def test_a_falsifying_example_is_shrunk_from_the_same_state_and_other_fixtures_keep_their_health_check(
    project: Make,
) -> None:
    result = project({"test_it.py": FALSIFIED}).run()
    assert result.outcomes == {"failed": 2}, result.out
    assert "codes=['a', 'a']" in " ".join(result.out.split()), result.out
    assert "uses a function-scoped fixture" in result.out
