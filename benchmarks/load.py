"""How fast generated rows enter a table.

A million rows of bigint, int, float8, timestamptz and text of at most 20 characters, made from a profile and loaded into
a table without indexes: from the profile to the last row, the start of processes included. Paired with COPY of the
very same rows from a prepared binary file (its bytes are in memory), with django-data-shape (100 000 rows) and with a loop
of Faker and executemany (10 000 rows). Rates are medians over interleaved repeats.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.model import Column, ColumnStatistics, Constraint, Index, Profile, Table
from pytest_prodparity.synthesis import catalog, team
from pytest_prodparity.synthesis.columns import Maker
from pytest_prodparity.synthesis.design import Designer
from pytest_prodparity.synthesis.load import Job

ROWS, SHAPED, FAKED, REPEATS = 1_000_000, 100_000, 10_000, 5
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = "CREATE TABLE t (id bigint NOT NULL, amount int, ratio float8, at timestamptz, label text)"


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Measure on a server of its own."""
    provider = Embedded(throw_away=True)
    server = provider.start()
    try:
        rates = _measure(server)
    finally:
        provider.stop()
    own = statistics.median(rates["prodparity"])
    medians = {name: statistics.median(found) if found else None for name, found in rates.items()}
    table = [["loader", "rows/s", "prodparity is"]]
    for name, rate in medians.items():
        table.append([name, f"{rate:,.0f}" if rate else "-", f"{own / rate:.2f}x" if rate else "-"])
    ratio = {name: round(own / rate, 2) if rate else None for name, rate in medians.items()}
    return table, {
        "rows_per_s": round(own),
        "ratio_prepared_copy": ratio["prepared binary COPY"],
        "ratio_data_shape": ratio["django-data-shape"],
        "ratio_faker": ratio["Faker + executemany"],
    }


def _measure(server: Server) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {
        "prodparity": [], "prepared binary COPY": [], "django-data-shape": [], "Faker + executemany": [],
    }  # fmt: skip
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        prepared = b""
        for _ in range(REPEATS + 1):
            connection.execute(f"DROP TABLE IF EXISTS t; {TABLE}".encode())
            with _timed(rates["prodparity"], ROWS):
                team.load(server.dsn(), connection, [_job(connection)], _quiet, None)
            prepared = prepared or _taken(connection)
            connection.execute("TRUNCATE t")
            with (
                _timed(rates["prepared binary COPY"], ROWS),
                connection.cursor() as cursor,
                cursor.copy("COPY t FROM STDIN (FORMAT BINARY)") as out,
            ):
                out.write(prepared)
            connection.execute("DROP TABLE t")
            _data_shape(server, connection, rates["django-data-shape"])
            connection.execute(TABLE.encode())
            _faker(connection, rates["Faker + executemany"])
    # the first time warms everything up
    return {name: found[1:] for name, found in rates.items()}


def _quiet(done: int, total: int, what: str) -> None:
    """No progress."""


@contextmanager
def _timed(rates: list[float], rows: int) -> Iterator[None]:
    began = time.perf_counter()
    yield
    rates.append(rows / (time.perf_counter() - began))


def _taken(connection: psycopg.Connection) -> bytes:
    with connection.cursor() as cursor, cursor.copy("COPY t TO STDOUT (FORMAT BINARY)") as out:
        return b"".join(bytes(block) for block in out)


def _job(connection: psycopg.Connection) -> Job:
    profile, found = _profile(), catalog.relations(connection)
    designer = Designer(profile, found, {"public.t": ROWS}, Maker(catalog.Reader(connection), profile, now=NOW), 7)
    design = designer.design("public.t")
    return Job(schema="public", name="t", rows=ROWS, seed=7, columns=tuple(design.ordered()))


def _profile() -> Profile:
    """Statistics as ANALYZE writes them: histograms of 101 bounds, some common values."""
    shares = [at / 100 for at in range(101)]

    def column(name: str, kind: str, distinct: float, bounds: list[str] | None, **more: Any) -> Column:
        known = ColumnStatistics(
            null_frac=0.0, avg_width=more.pop("width", 8), n_distinct=distinct, histogram_bounds=bounds, **more
        )
        return Column(name=name, type=kind, not_null=name == "id", statistics=known)

    common = [f"status {number}" for number in range(10)]
    columns = [
        column("id", "bigint", -1.0, [str(1 + round(share * ROWS)) for share in shares], correlation=1.0),
        column("amount", "integer", 5000.0, [str(round(share**2 * 100_000)) for share in shares], correlation=0.0),
        column("ratio", "double precision", -0.9, [str(share**3 * 7.123456789) for share in shares], correlation=0.0),
        column("at", "timestamp with time zone", -1.0,
               [str(NOW - timedelta(days=900 * (1 - share))) for share in shares], correlation=1.0),
        column("label", "text", 60_000.0, None, width=13, correlation=0.0, most_common_vals=common,
               most_common_freqs=[0.02] * 10),
    ]  # fmt: skip
    key = Index(
        name="t_pkey", method="btree", definition="CREATE UNIQUE INDEX t_pkey ON public.t USING btree (id)",
        columns=["id"], unique=True, primary=True,
    )  # fmt: skip
    table = Table(
        schema="public", name="t", kind="table", columns=columns, tuples=ROWS, pages=8000, size=8000 * 8192,
        indexes=[key], constraints=[Constraint(name="t_pkey", kind="primary key", definition="", columns=["id"])],
    )  # fmt: skip
    return Profile(
        captured_at=NOW.isoformat(), server_version=180000, database="t", identity="", tables=[table], schema_sha256=""
    )


def _data_shape(server: Server, connection: psycopg.Connection, rates: list[float]) -> None:
    try:
        import django
        from django.conf import settings

        if not settings.configured:
            settings.configure(
                DATABASES={"default": {
                    "ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": server.user,
                    "PASSWORD": server.password, "HOST": server.host, "PORT": server.port,
                }},
                USE_TZ=True,
            )  # fmt: skip
            django.setup()
        from django.db import connections
        from django_data_shape import Sequential, Shape, Skew, Uniform, build
        from django_data_shape import Table as Shaped
    except ImportError:
        return
    model = _model()
    with connections["default"].schema_editor() as editor:
        editor.create_model(model)
    shape = Shape(
        Shaped(
            model, rows=SHAPED, amount=Uniform(0, 100_000, places=0), ratio=Uniform(0, 7),
            at=Sequential(NOW - timedelta(days=900), timedelta(seconds=77)),
            label=Skew({f"status {number}": 1 / 100 for number in range(100)}),
        ),
        seed=7,
    )  # fmt: skip
    with _timed(rates, SHAPED):
        build(shape)
    connections["default"].close()
    connection.execute("DROP TABLE shaped_t")


_MODELS: list[Any] = []


def _model() -> Any:
    from django.db import models

    if not _MODELS:

        class Row(models.Model):
            id = models.BigAutoField(primary_key=True)
            amount = models.IntegerField()
            ratio = models.FloatField()
            at = models.DateTimeField()
            label = models.CharField(max_length=20)

            class Meta:
                app_label = "shaped"
                db_table = "shaped_t"

        _MODELS.append(Row)
    return _MODELS[0]


def _faker(connection: psycopg.Connection, rates: list[float]) -> None:
    from faker import Faker

    source = Faker()
    source.seed_instance(7)
    with _timed(rates, FAKED), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO t VALUES (%s, %s, %s, %s, %s)",
            [
                (at, source.random_int(0, 100_000), source.pyfloat(min_value=0, max_value=7),
                 source.date_time_between("-900d", tzinfo=UTC), source.text(20))
                for at in range(FAKED)
            ],
        )  # fmt: skip
