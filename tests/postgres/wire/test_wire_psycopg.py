"""psycopg 3 through the wire."""

from __future__ import annotations

import io

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.wire.trip import Trip
from tests.postgres.wire.watching import Watched, line


def test_a_statement_is_seen_with_its_values_rows_and_line(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        rows = connection.execute("SELECT %s::int + n FROM generate_series(1, 3) n", [4]).fetchall()  # asks
    assert rows == [(5,), (6,), (7,)]
    trip = watched.of("generate_series")
    (statement,) = trip.statements
    assert statement.sql == "SELECT $1::int + n FROM generate_series(1, 3) n"
    assert (statement.tag, statement.rows, statement.sqlstate) == ("SELECT 3", 3, None)
    assert [(one.value, one.binary) for one in statement.parameters] == [(b"\x00\x04", True)]
    assert str(trip.source) == f"test_wire_psycopg.py:{line('asks')}"
    assert trip.source is not None
    assert trip.source.function == "test_a_statement_is_seen_with_its_values_rows_and_line"
    assert trip.actor == "MainThread"
    assert (trip.before, trip.after, trip.database) == ("I", "I", "wire_first")
    assert trip.ended >= trip.started
    assert trip.bytes_out > 40
    assert trip.bytes_in > 40
    assert not trip.broken


def test_the_database_is_the_wires_and_the_user_the_clients(watched: Watched) -> None:
    with psycopg.connect(watched.url(query="?application_name=shop")) as connection:
        row = connection.execute("SELECT current_database(), current_user, pg_backend_pid()").fetchone()
        assert row is not None
        assert row[:2] == ("wire_first", watched.upstream.user)
        (opened,) = watched.wire.connections
    trip = watched.of("current_database")
    assert (trip.user, trip.application_name, trip.backend) == (watched.upstream.user, "shop", row[2])
    assert (opened.state, opened.application_name, opened.backend) == ("T", "shop", row[2])


def test_a_connection_is_known_by_the_line_that_opened_it(watched: Watched) -> None:
    with psycopg.connect(watched.url()):  # opens
        (opened,) = watched.wire.connections
    assert str(opened.source) == f"test_wire_psycopg.py:{line('opens')}"


def test_transaction_states_are_followed(watched: Watched) -> None:
    with psycopg.connect(watched.url()) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1/0")
        connection.rollback()
    states = [(trip.statements[0].sql, trip.before + trip.after) for trip in watched.trips]
    assert states == [("BEGIN", "IT"), ("SELECT 1", "TT"), ("SELECT 1/0", "TE"), ("ROLLBACK", "EI")]


def test_an_error_has_its_sqlstate_and_message(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM missing WHERE id = %s", [1])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT %t::int", ["many"])
    first, second = watched.statements
    assert (first.sqlstate, first.error, first.tag) == ("42P01", 'relation "missing" does not exist', None)
    assert second.sqlstate == "22P02"
    assert second.sql == "SELECT $1::int"


def test_statements_of_one_text_are_cut_and_each_has_its_own_end(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection, pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute("SELECT ';' ; /* ; */ SELECT $$;$$, 2; SELECT 1/0; SELECT 4;")
    (trip,) = watched.trips
    seen = [(one.sql, one.tag, one.rows, one.sqlstate) for one in trip.statements]
    assert seen == [
        ("SELECT ';'", "SELECT 1", 1, None),
        ("/* ; */ SELECT $$;$$, 2", "SELECT 1", 1, None),
        ("SELECT 1/0", None, 0, "22012"),
        ("SELECT 4", None, 0, None),
    ]


def test_an_empty_query_is_a_trip(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        connection.execute(" ")
    (statement,) = watched.statements
    assert statement.tag == ""


def test_a_statement_prepared_by_the_driver_keeps_its_text(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        for number in range(8):
            connection.execute("SELECT %s::int", [number])
    executed = [one for one in watched.statements if not one.described_only]
    assert [one.sql for one in executed] == ["SELECT $1::int"] * 8
    assert [one.parameters[0].value for one in executed] == [number.to_bytes(2, "big") for number in range(8)]
    assert len([one for one in watched.statements if one.described_only]) == 1


def test_a_pipeline_is_one_trip_up_to_its_sync(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection, connection.pipeline():
        cursors = [connection.execute("SELECT %s::int", [number]) for number in (1, 2, 3)]
        values = [cursor.fetchone() for cursor in cursors]
    assert values == [(1,), (2,), (3,)]
    executed = [one for one in watched.statements if not one.described_only]
    assert [(one.tag, one.rows) for one in executed] == [("SELECT 1", 1)] * 3
    assert len([trip for trip in watched.trips if trip.statements]) < 3


def test_in_a_pipeline_what_follows_an_error_is_not_reached(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:

        def send() -> None:
            with connection.pipeline():
                connection.execute("SELECT 1")
                connection.execute("SELECT 1/%s::int", [0])
                connection.execute("SELECT 3")

        with pytest.raises(psycopg.errors.DivisionByZero):
            send()
    ends = [(one.sql, one.tag, one.sqlstate) for one in watched.statements]
    assert ends == [("SELECT 1", "SELECT 1", None), ("SELECT 1/$1::int", None, "22012"), ("SELECT 3", None, None)]


def test_executemany_is_seen_value_by_value(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE many (id int)")
        connection.cursor().executemany("INSERT INTO many VALUES (%s)", [(number,) for number in range(50)])
    inserts = [one for one in watched.statements if one.sql.startswith("INSERT") and not one.described_only]
    assert len(inserts) == 50
    assert {one.tag for one in inserts} == {"INSERT 0 1"}


def test_a_server_cursor_is_seen_fetch_by_fetch(watched: Watched) -> None:
    with psycopg.connect(watched.url()) as connection, connection.cursor(name="big one") as cursor:
        cursor.itersize = 40
        cursor.execute("SELECT generate_series(1, 100)")
        assert sum(1 for _ in cursor) == 100
    fetched = [one.rows for one in watched.statements if one.sql.startswith("FETCH")]
    assert sum(fetched) == 100
    assert fetched[0] == 40


def test_copy_in_and_out_are_seen_with_their_rows(watched: Watched) -> None:
    rows = [(number, "é\t" * (number % 7)) for number in range(2_000)]
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE copied (id int, note text)")
        with connection.cursor().copy("COPY copied FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        with connection.cursor().copy("COPY copied TO STDOUT") as copy:
            data = b"".join(bytes(block) for block in copy)
        assert connection.execute("SELECT count(*) FROM copied").fetchone() == (2_000,)
    into, out = watched.of("FROM STDIN"), watched.of("TO STDOUT")
    assert (into.statements[0].tag, into.statements[0].rows) == ("COPY 2000", 0)
    assert (out.statements[0].tag, out.statements[0].rows) == ("COPY 2000", 2_000)
    assert data.count(b"\n") == 2_000
    assert out.bytes_in > len(data)
    assert into.bytes_out > 20_000
    assert watched.of("count(*)").bytes_out < 100


def test_a_copy_that_fails_ends_its_trip(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE copied (id int)")
        with (
            pytest.raises(psycopg.errors.InvalidTextRepresentation),
            connection.cursor().copy("COPY copied FROM STDIN") as copy,
        ):
            copy.write("one\n")
        assert connection.execute("SELECT 5").fetchone() == (5,)
    assert watched.of("COPY").statements[0].sqlstate == "22P02"
    assert watched.of("SELECT 5").statements[0].tag == "SELECT 1"


def test_a_copy_that_the_client_gives_up_ends_its_trip(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE copied (id int)")
        with (  # noqa: PT012
            pytest.raises(RuntimeError, match="enough"),
            connection.cursor().copy("COPY copied FROM STDIN") as copy,
        ):
            copy.write("1\n")
            raise RuntimeError("enough")
        assert connection.execute("SELECT 5").fetchone() == (5,)
    assert watched.of("COPY").statements[0].sqlstate == "57014"


def test_64_mb_go_through_copy_in_both_directions(watched: Watched) -> None:
    line_of_data = b"7\t" + b"x" * 1_000 + b"\n"
    block = line_of_data * 64
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE copied (id int, note text)")
        with connection.cursor().copy("COPY copied FROM STDIN") as copy:
            for _ in range(1_024):
                copy.write(block)
        with connection.cursor().copy("COPY copied TO STDOUT") as copy:
            size = sum(len(data) for data in copy)
    assert size == len(block) * 1_024
    assert watched.of("TO STDOUT").statements[0].rows == 64 * 1_024
    assert watched.of("TO STDOUT").bytes_in >= size
    assert watched.of("FROM STDIN").bytes_out >= size


def test_a_large_result_is_counted_row_by_row(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        rows = connection.execute("SELECT n, repeat('y', n % 90) FROM generate_series(1, 200000) n").fetchall()
        assert connection.execute("SELECT 5").fetchone() == (5,)
    assert len(rows) == 200_000
    assert watched.of("generate_series").statements[0].rows == 200_000
    assert watched.of("SELECT 5").statements[0].rows == 1


def test_long_texts_and_values_are_passed_whole_and_kept_in_part(watched: Watched) -> None:
    text = f"SELECT length('{'z' * 3_000_000}')"
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        assert connection.execute(text).fetchone() == (3_000_000,)
        assert connection.execute("SELECT length(%s::text), %s::int", ["v" * 5_000_000, 1]).fetchone() == (5_000_000, 1)
    first, second = watched.statements
    assert first.cut
    assert len(first.sql) == 1 << 20
    assert not second.cut
    assert second.parameters[0].cut
    assert second.parameters[0].value == b"v" * (1 << 16)
    assert second.parameters[1].cut


def test_notifications_arrive(watched: Watched) -> None:
    with (
        psycopg.connect(watched.url(), autocommit=True) as listener,
        psycopg.connect(watched.url(), autocommit=True) as speaker,
    ):
        listener.execute("LISTEN news")
        speaker.execute("NOTIFY news, 'hello'")
        (notice,) = listener.notifies(timeout=10, stop_after=1)
        assert notice.payload == "hello"
        listener.execute("SELECT 5")
    assert watched.of("SELECT 5").statements[0].tag == "SELECT 1"


def test_names_of_any_kind_pass(watched: Watched) -> None:
    name = sql.Identifier('The "Ördér" %; table')
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        connection.execute(sql.SQL('CREATE TEMP TABLE {} ("select" int)').format(name))
        connection.execute(sql.SQL("INSERT INTO {} VALUES (1); SELECT 1").format(name))
    sent = [one.sql for one in watched.statements]
    assert sent[1:] == ['INSERT INTO "The ""Ördér"" %; table" VALUES (1)', "SELECT 1"]


def test_another_client_encoding_is_read(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True, client_encoding="latin1") as connection:
        assert connection.execute("SELECT 'äöü'").fetchone() == ("äöü",)
    assert [one.sql for one in watched.statements] == ["SELECT 'äöü'"]


def test_backslashes_count_where_the_server_says_so(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        connection.execute("SET standard_conforming_strings = off; SET escape_string_warning = off")
        assert connection.execute("SELECT 'a\\';' ; SELECT 1").fetchone() == ("a';",)
    assert [one.sql for one in watched.statements][2:] == ["SELECT 'a\\';'", "SELECT 1"]


async def _async_trips(watched: Watched) -> list[Trip]:
    async with await psycopg.AsyncConnection.connect(watched.url(), autocommit=True) as connection:
        cursor = await connection.execute("SELECT %s::int", [3])  # awaits
        assert await cursor.fetchone() == (3,)
        async with connection.cursor().copy("COPY (SELECT generate_series(1, 5)) TO STDOUT") as copy:  # copies
            blocks = [bytes(block) async for block in copy]
        assert len(b"".join(blocks)) == 10
    return watched.trips


@pytest.mark.asyncio
async def test_async_connections_are_seen_with_their_lines(watched: Watched) -> None:
    asks, copies = await _async_trips(watched)
    assert str(asks.source) == f"test_wire_psycopg.py:{line('awaits')}"
    assert str(copies.source) == f"test_wire_psycopg.py:{line('copies')}"
    assert [entry.rsplit(" ", 1)[1] for entry in asks.stack] == [
        "_async_trips",
        "test_async_connections_are_seen_with_their_lines",
    ]
    assert asks.actor.startswith("Task-")


def test_large_objects_use_function_calls_and_pass(watched: Watched) -> None:
    psycopg2 = pytest.importorskip("psycopg2")
    connection = psycopg2.connect(watched.url())
    large = connection.lobject(0, "wb")
    large.write(b"data" * 10_000)
    number = large.oid
    large.close()
    assert connection.lobject(number, "rb").read() == b"data" * 10_000
    connection.commit()
    connection.close()
    assert any(not trip.statements for trip in watched.trips)


def test_copy_to_a_file_object_by_psycopg2(watched: Watched) -> None:
    psycopg2 = pytest.importorskip("psycopg2")
    connection = psycopg2.connect(watched.url())
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE copied (id int)")
        cursor.copy_expert("COPY copied FROM STDIN", io.StringIO("1\n2\n3\n"))
        out = io.StringIO()
        cursor.copy_expert("COPY copied TO STDOUT", out)
    connection.close()
    assert out.getvalue() == "1\n2\n3\n"
    assert watched.of("TO STDOUT").statements[0].rows == 3


def test_neither_side_is_waited_for_while_it_does_not_read(watched: Watched) -> None:
    """A pipeline whose statements and answers both fill every buffer on the way."""
    wide = "x" * 200_000
    with psycopg.connect(watched.url()) as connection, connection.pipeline():
        cursors = [connection.execute(f"SELECT '{wide}', repeat('y', 200000), %s", [number]) for number in range(150)]
        found = [cursor.fetchone() for cursor in cursors]
    assert [row[2] for row in found if row is not None] == list(range(150))
