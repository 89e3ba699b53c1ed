"""What wider fixtures write is the start of their tests, and goes with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.plugin.test_isolation import ENVIRONMENT, POOLED, copies
from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]

FILES = {"app.py": POOLED, "pyproject.toml": ENVIRONMENT}

CONFTEST = """\
import pytest, app

@pytest.fixture(scope="session", autouse=True)
def everywhere():
    app.add("session")
    yield
    assert app.codes() == ["session"]
"""

MODULE = """\
import pytest, app
pytestmark = pytest.mark.prodparity

@pytest.fixture(scope="module", autouse=True)
def seeded():
    app.add("MODULE")
    yield
    assert app.codes() == sorted(["session", "MODULE"])

class TestClass:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def more(cls):
        app.add("class")

    @pytest.mark.parametrize("number", range(2))
    def test_it(self, number):
        assert app.codes() == sorted(["session", "MODULE", "class"])
        app.add("test")

@pytest.mark.parametrize("number", range(2))
def test_after_the_class(number):
    assert app.codes() == sorted(["session", "MODULE"])
    app.add("test")
"""


def test_each_scope_begins_with_what_the_wider_ones_wrote(project: Make) -> None:
    modules = {f"test_{name}.py": MODULE.replace("MODULE", name) for name in ("a", "b")}
    result = project({**FILES, "conftest.py": CONFTEST, **modules}).run()
    assert result.outcomes == {"passed": 8}, result.out
    assert copies(result) == []


def test_a_fresh_copy_has_what_wider_fixtures_wrote(project: Make) -> None:
    tests = MODULE.replace("MODULE", "a").replace('app.add("test")', "app.drop()", 1)
    made = project({**FILES, "conftest.py": CONFTEST, "test_a.py": tests})
    made.write(
        {
            "app.py": POOLED
            + """

def drop():
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM country"))
        connection.execute(text("DROP TABLE customer CASCADE"))
"""
        }
    )
    result = made.run()
    assert result.outcomes == {"passed": 4}, result.out
    assert [test for test, _ in copies(result)] == ["TestClass::test_it[0]", "TestClass::test_it[1]"], result.out


SCHEMA = """\
import pytest, app
from sqlalchemy import text
pytestmark = pytest.mark.prodparity

@pytest.fixture(scope="module", autouse=True)
def table():
    with app.engine.begin() as connection:
        connection.execute(text("CREATE TABLE extra (id serial PRIMARY KEY, a int)"))
        connection.execute(text("INSERT INTO extra (a) VALUES (1)"))
    yield
    with app.engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM extra")).scalar() == 1
        connection.execute(text("DROP TABLE extra"))

@pytest.mark.parametrize("number", range(3))
def test_it(number):
    with app.engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM extra")).scalar() == 1
        assert connection.execute(text("INSERT INTO extra (a) VALUES (2) RETURNING id")).scalar() == 2

def test_drops():
    with app.engine.begin() as connection:
        connection.execute(text("DROP TABLE extra"))

def test_has_it_again():
    with app.engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM extra")).scalar() == 1
"""

PLAIN = """\
import pytest, app
from sqlalchemy import text

@pytest.mark.prodparity
def test_it_is_gone():
    with app.engine.begin() as connection:
        assert connection.execute(text("SELECT to_regclass('extra')")).scalar() is None
"""


def test_a_fixture_may_change_the_schema(project: Make) -> None:
    made = project({**FILES, "test_a.py": SCHEMA, "test_b.py": PLAIN, "test_c.py": SCHEMA})
    result = made.run()
    assert result.outcomes == {"passed": 11}, result.out
    assert [test for test, _ in copies(result)] == ["test_drops", "test_drops"], result.out


def test_a_fixture_with_parameters_takes_back_each(project: Make) -> None:
    tests = """\
import pytest, app
pytestmark = pytest.mark.prodparity

@pytest.fixture(scope="module", params=["a", "b"])
def seeded(request):
    app.add(request.param)
    return request.param

def test_one(seeded):
    assert app.codes() == [seeded]
    app.add("test")

def test_two(seeded):
    assert app.codes() == [seeded]
"""
    assert project({**FILES, "test_a.py": tests}).run().outcomes == {"passed": 4}


def test_a_connection_that_only_reads_outlives_tests(project: Make) -> None:
    tests = """\
import os, psycopg, pytest, app
pytestmark = pytest.mark.prodparity

@pytest.fixture(scope="module")
def connection():
    with psycopg.connect(os.environ["DATABASE_URL"].replace("+psycopg", "")) as connection:
        connection.execute("SELECT 1")
        yield connection

@pytest.mark.parametrize("number", range(3))
def test_it(connection, number):
    assert connection.execute("SELECT count(*) FROM country").fetchone() == (0,)
    app.add("test")
    assert connection.execute("SELECT count(*) FROM country").fetchone() == (1,)
"""
    result = project({**FILES, "test_a.py": tests}).run()
    assert result.outcomes == {"passed": 3}, result.out
    assert copies(result) == []


READING = """\
import pytest, app

@pytest.fixture(scope="session")
def reading():
    yield
    assert app.codes() == []

@pytest.mark.prodparity
def test_last(reading):
    app.add("test")
"""


def test_a_wider_fixture_reads_its_own_after_the_last_test(project: Make) -> None:
    result = project({**FILES, "test_it.py": READING}).run()
    assert result.outcomes == {"passed": 1}, result.out
