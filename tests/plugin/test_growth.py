"""At staging a test is rehearsed on a quarter of its rows: what grows with the volume is seen, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]

APP = """\
def every_hundredth(connection):
    return [row[0] for row in connection.execute("SELECT id FROM customer WHERE hashint8(id) % 80 = 0")]


def name(connection, number):
    return connection.execute("SELECT name FROM customer WHERE id = %s", (number,)).fetchone()[0]


def pairs(connection):
    found = 0
    for one in every_hundredth(connection):
        for other in every_hundredth(connection):
            found += name(connection, max(one, other)) is not None
    return found


def names(connection):
    return list(map(lambda number: name(connection, number), every_hundredth(connection)))


def regions(connection):
    everyone = connection.execute("SELECT id FROM customer WHERE hashint8(id) % 80 = 0").fetchall()
    found = []
    for number in range(1001, 1009):
        found.append(connection.execute("SELECT country FROM customer WHERE id = %s", (number,)).fetchone())
    return len(everyone), found
"""

TESTS = """\
import psycopg
import pytest

import app

pytestmark = pytest.mark.prodparity


@pytest.fixture
def connection(parity_db):
    with psycopg.connect(parity_db.dsn) as connection:
        yield connection


def test_pairs(connection):
    assert app.pairs(connection)


def test_names(connection):
    assert app.names(connection)


def test_regions(connection):
    assert app.regions(connection)
"""


def test_what_is_sent_more_often_with_more_rows_is_found(project: Make) -> None:
    settings = "[tool.prodparity.levels.staging]\nfaults = 0\n"  # they do not belong to it, and take a minute
    result = project({"app.py": APP, "test_app.py": TESTS, "pyproject.toml": settings}).run("--parity-level=staging")
    assert result.report is not None
    titles = {found["test"].partition("::")[2]: (found["rule"], found["title"]) for found in result.report["findings"]}
    assert set(titles) == {"test_pairs", "test_names"}, result.out
    assert titles["test_names"][0] == "n-plus-one"
    assert " with a quarter of the rows): one query per row of customer" in titles["test_names"][1]
    also = next(found for found in result.report["findings"] if found["test"].endswith("test_pairs"))
    everything = [titles["test_pairs"], *((one["rule"], one["title"]) for one in also["details"].get("also", []))]
    assert [rule for rule, title in everything if title.endswith(": the square of the rows")] == ["quadratic"]


def test_a_rehearsal_is_unheard_and_takes_nothing_away(project: Make) -> None:
    tests = """\
import warnings
import pytest

@pytest.fixture(scope="session")
def wider():
    with open("wider", "a") as file:
        file.write("x")

@pytest.mark.prodparity
def test_one(parity_db, wider, record_property, capsys):
    record_property("mine", 1)
    print("said once")
    warnings.warn("warned once")
    with open("times", "a") as file:
        rows = parity_db.owner.execute('SELECT count(*) FROM "order"').fetchone()[0]
        file.write(f"{rows} ")
    parity_db.owner.execute('DELETE FROM country')

@pytest.mark.prodparity
def test_small_volumes_disturb_it(parity_db):
    assert parity_db.owner.execute('SELECT count(*) FROM "order"').fetchone() == (20000,)

@pytest.mark.prodparity(level="production")
def test_skipped(parity_db):
    assert 0

def test_unmarked(parity_db):
    with open("times", "a") as file:
        file.write("unmarked ")
"""
    made = project({"test_one.py": tests})
    result = made.run("--parity-level=staging", "--junitxml=junit.xml", "-o", "junit_family=xunit1", "-rA")
    assert result.outcomes == {"passed": 3, "skipped": 1, "warning": 1}, result.out
    assert (made.folder / "times").read_text() == "5000 20000 unmarked "
    assert (made.folder / "wider").read_text() == "x"
    assert (made.folder / "junit.xml").read_text().count('name="mine"') == 1
    assert result.out.count("said once") == 1


def test_a_level_can_do_without_rehearsals(project: Make) -> None:
    tests = """\
import pytest

@pytest.mark.prodparity
def test_one(parity_db):
    with open("times", "a") as file:
        file.write("x")
"""
    made = project({"test_one.py": tests, "pyproject.toml": "[tool.prodparity.levels.staging]\ngrowth = false\n"})
    assert made.run("--parity-level=staging").outcomes == {"passed": 1}
    assert (made.folder / "times").read_text() == "x"


def test_what_wider_fixtures_wrote_is_in_no_smaller_volume(project: Make) -> None:
    tests = """\
import psycopg
import pytest

@pytest.fixture(scope="module")
def everywhere(request):
    from pytest_prodparity.fixtures import session_of
    with psycopg.connect(session_of(request.config).urls["db.dsn"]) as connection:
        connection.execute("INSERT INTO country VALUES ('xx', 'Nowhere')")

@pytest.mark.prodparity
@pytest.mark.parametrize("number", range(2))
def test_one(parity_db, everywhere, number):
    assert parity_db.owner.execute("SELECT name FROM country WHERE code = 'xx'").fetchone() == ("Nowhere",)
"""
    result = project({"test_one.py": tests}).run("--parity-level=staging")
    assert result.outcomes == {"passed": 2}, result.out


def test_a_wider_fixture_s_open_transaction_outlives_a_rehearsal(project: Make) -> None:
    tests = """\
import psycopg
import pytest

@pytest.fixture(scope="module")
def reader(request):
    from pytest_prodparity.fixtures import session_of
    with psycopg.connect(session_of(request.config).urls["db.dsn"]) as connection:
        connection.execute("SELECT 1")
        yield connection

@pytest.mark.prodparity
@pytest.mark.parametrize("number", range(2))
def test_one(parity_db, reader, number):
    assert reader.execute('SELECT count(*) FROM "order"').fetchone() == (20000,)
"""
    result = project({"test_one.py": tests}).run("--parity-level=staging")
    assert result.outcomes == {"passed": 2}, result.out


def test_what_cannot_be_run_twice_unheard_is_run_once(project: Make) -> None:
    files = {
        "test_one.py": """\
import unittest
import pytest

@pytest.mark.prodparity
class TestState:
    def test_has_an_instance_of_its_own(self, parity_db):
        assert not hasattr(self, "seen")
        self.seen = True

@pytest.mark.prodparity
class TestParts(unittest.TestCase):
    times = 0

    def test_parts(self):
        TestParts.times += 1
        with self.subTest("one"):
            assert TestParts.times == 1
""",
        "app.py": '''\
def two():
    """
    >>> two()
    2
    """
    return 2
''',
        "pyproject.toml": '[tool.prodparity]\nmark = ["app.py"]\n',
    }
    result = project(files).run("--parity-level=staging", "--doctest-modules")
    assert result.status == 0, result.out
    assert result.outcomes["passed"] >= 3
