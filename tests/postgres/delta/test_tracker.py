"""One database is followed: what changed is told, and taken back or refused with the reason."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.databases import options
from pytest_prodparity.databases.checksum import checksum, sample
from pytest_prodparity.databases.delta import prepare
from pytest_prodparity.databases.delta.prepare import Untrackable, why_not
from pytest_prodparity.databases.delta.stream import Stream
from pytest_prodparity.databases.delta.tracker import Tracker
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.kept import drop
from pytest_prodparity.databases.provider import Server

SHOP = """
CREATE TABLE customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, vip boolean DEFAULT false);
CREATE TABLE orders (id bigserial PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE, total numeric(10, 2));
CREATE TABLE notes (text text, stars int);
CREATE UNLOGGED TABLE cache (key text PRIMARY KEY, value bytea);
CREATE TABLE checked (id int PRIMARY KEY, n int);
INSERT INTO checked VALUES (1, -1);
ALTER TABLE checked ADD CONSTRAINT positive CHECK (n > 0) NOT VALID;
CREATE TABLE watched (id int PRIMARY KEY, n int);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER watch BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION watch();
ALTER TABLE watched ENABLE ALWAYS TRIGGER watch;
CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(total) FROM orders GROUP BY 1;
INSERT INTO customers (name) VALUES ('Ada'), ('Grace'), ('Edsger');
INSERT INTO orders (customer, total) SELECT n % 3 + 1, n FROM generate_series(1, 9) n;
INSERT INTO notes VALUES ('same', 1), ('same', 1), ('other', NULL);
"""


class World:
    """A database, its tracker, and connections of an application."""

    def __init__(self, server: Server, name: str, stack: ExitStack) -> None:
        self.server, self.name = server, name
        self._stack = stack
        self.app = self.connect()
        self.app.execute(SHOP)
        self.tracker = stack.enter_context(Tracker.open(server, name))
        self.start = checksum(self.app)

    def connect(self) -> psycopg.Connection:
        return self._stack.enter_context(closing(psycopg.connect(self.server.dsn(self.name), autocommit=True)))

    def is_as_at_the_start(self) -> bool:
        with closing(psycopg.connect(self.server.dsn(self.name), autocommit=True)) as connection:
            return self.start.differences(checksum(connection)) == []


@pytest.fixture
def world(either: Server) -> Iterator[World]:
    name = f"tracked {secrets.token_hex(4)}"
    with closing(psycopg.connect(either.dsn(), autocommit=True)) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
        with ExitStack() as stack:
            yield World(either, name, stack)
        drop(admin, name)


def test_a_delta_tells_the_rows_before_and_after(world: World) -> None:
    world.app.execute("INSERT INTO customers (name) VALUES ('Barbara')")
    world.app.execute("UPDATE orders SET total = 12.5 WHERE id = 4")
    world.app.execute("DELETE FROM notes WHERE stars IS NULL")
    delta = world.tracker.delta()
    assert delta["customers"].inserted == [{"id": 4, "name": "Barbara", "vip": False}]
    assert str(delta) == "\n".join(
        [
            "1 insert, 1 update, 1 delete",
            "+ customers(id=4) name='Barbara', vip=False",
            "~ orders(id=4) total: 4.00 -> 12.50",
            "- notes() text='other', stars=None",
            "  customers_id_seq: 3 -> 4",
        ]
    )
    assert world.tracker.delta() == delta


def test_rows_that_are_put_back_lie_in_the_order_of_their_keys(world: World) -> None:
    for key in (4, 2, 8, 3):  # written again in another order, as two callers do it
        world.app.execute("UPDATE orders SET total = -total WHERE id = %s", (key,))
    assert world.tracker.undo()
    lying = [key for (key,) in world.app.execute("SELECT id FROM orders WHERE id IN (2, 3, 4, 8) ORDER BY ctid")]
    assert lying == [2, 3, 4, 8]


def test_a_delta_is_net(world: World) -> None:
    world.app.execute("INSERT INTO notes VALUES ('passing', 5)")
    world.app.execute("DELETE FROM notes WHERE stars = 5")
    world.app.execute("UPDATE customers SET name = 'Lady Ada' WHERE id = 1")
    world.app.execute("UPDATE customers SET name = 'Ada' WHERE id = 1")
    assert not world.tracker.delta()
    assert str(world.tracker.delta()) == "nothing changed"


def test_a_row_without_a_key_is_followed_through_its_updates(world: World) -> None:
    world.app.execute("UPDATE notes SET stars = 2 WHERE text = 'other'")
    world.app.execute("UPDATE notes SET stars = 3 WHERE text = 'other'")
    assert world.tracker.delta().updated == [({"text": "other", "stars": None}, {"text": "other", "stars": 3})]


def test_an_undo_leads_back_and_the_next_test_starts_from_there(world: World) -> None:
    for _ in range(3):
        world.app.execute("DELETE FROM customers WHERE id = 2")
        world.app.execute("INSERT INTO cache VALUES ('k', '\\x00ff')")
        world.app.execute("UPDATE notes SET text = 'x', stars = stars + 1")
        undone = world.tracker.undo(prove=True)
        assert undone.done, undone
        assert undone.proven
        assert world.is_as_at_the_start()
        assert not world.tracker.delta()


@pytest.mark.parametrize("written", [True, False])
def test_whatever_was_taken_for_written_an_undo_leads_back(world: World, *, written: bool) -> None:
    world.app.execute("SET synchronous_commit = off")
    for number in range(12):
        world.app.execute("UPDATE customers SET name = 'it''s \\ %s' WHERE id = 2")
        world.app.execute("INSERT INTO customers (name, vip) VALUES (E'tab\\t', NULL)")
        assert world.tracker.undo(written=written, prove=False).rows == 2
        assert world.is_as_at_the_start(), number
        assert world.tracker.undo(written=written).rows == 0


def test_numbers_of_a_sequence_alone_are_put_back(world: World) -> None:
    for _ in range(3):
        row = world.app.execute("SELECT nextval('orders_id_seq')").fetchone()
        assert row == (10,)
        assert world.tracker.undo()
        assert world.is_as_at_the_start()


def test_a_commit_that_did_not_wait_for_the_disk_is_seen(world: World) -> None:
    world.app.execute("SET synchronous_commit = off")
    world.app.execute("INSERT INTO notes VALUES ('late', 1)")
    assert len(world.tracker.delta()) == 1
    assert world.tracker.undo()
    assert world.is_as_at_the_start()


def test_large_values_are_put_back(world: World) -> None:
    world.app.execute(
        "INSERT INTO cache SELECT 'big', convert_to(string_agg(md5(n::text), ''), 'UTF8') FROM generate_series(1, 330000) n"
    )
    world.tracker.enter()
    world.app.execute("UPDATE cache SET key = 'moved'")
    world.app.execute("DELETE FROM cache")
    delta = world.tracker.delta()
    (lost,) = delta.deleted
    assert isinstance(lost["value"], bytes)
    assert len(lost["value"]) == 330000 * 32
    assert "… (10560000 bytes)" in str(delta)
    assert world.tracker.undo(prove=True)
    row = world.app.execute("SELECT key, length(value) FROM cache").fetchone()
    assert row == ("big", 330000 * 32)
    assert world.tracker.leave()
    assert world.is_as_at_the_start()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("ALTER TABLE notes ADD extra int", "the schema was changed (pg_attribute)"),
        ("CREATE TABLE another (a int); INSERT INTO another VALUES (1)", "the schema was changed"),
        ("DROP TABLE notes", "the schema was changed"),
        ("COMMENT ON TABLE notes IS 'x'", "the schema was changed (pg_description)"),
        (
            "CREATE OR REPLACE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$",
            "pg_proc",
        ),
        ("GRANT SELECT ON notes TO PUBLIC", "the schema was changed (pg_class)"),
        ("CREATE INDEX ON notes (stars)", "the schema was changed"),
        ("TRUNCATE notes", "TRUNCATE of public.notes"),
        ("VACUUM FULL notes", "the schema was changed (pg_class)"),
        ("CLUSTER orders USING orders_pkey", "the schema was changed"),
        ("REFRESH MATERIALIZED VIEW totals", "the schema was changed"),
        ("ALTER SEQUENCE orders_id_seq RESTART", "the schema was changed"),
        (
            "CREATE ROLE parity_passing; DROP ROLE parity_passing; ALTER ROLE CURRENT_USER CONNECTION LIMIT 99",
            "roles were changed",
        ),
        ("SELECT lo_create(0)", "a large object was made or removed"),
        ("SELECT lo_from_bytea(0, 'abc')", "a large object was"),
        ("UPDATE checked SET n = 2", "checked was changed: it has a CHECK that is NOT VALID"),
        ("INSERT INTO watched VALUES (1, 1)", "watched was changed: it has a trigger that fires always"),
        (
            "CREATE SCHEMA s; CREATE TABLE s.notes (a int); DROP SCHEMA s CASCADE; CREATE SCHEMA s",
            "the schema was changed",
        ),
        ("ALTER DATABASE CURRENT SET work_mem = '8MB'", "settings of roles or databases were changed"),
    ],
)
def test_what_cannot_be_undone_is_noticed(world: World, statement: str, reason: str) -> None:
    statement = statement.replace("DATABASE CURRENT", f'DATABASE "{world.name}"')
    try:
        for part in statement.split("; ") if "$$" not in statement else [statement]:
            world.app.execute(part.encode())
        undone = world.tracker.undo()
    finally:
        world.app.execute("ALTER ROLE CURRENT_USER CONNECTION LIMIT -1")
    assert not undone.done
    assert any(reason in said for said in undone.reasons), undone.reasons
    again = world.tracker.undo()
    assert not again.done
    assert again.reasons[0] == undone.reasons[0]
    with pytest.raises(ProdparityError, match="can no longer be followed") as found:
        world.tracker.delta()
    assert "To fix: go on with a fresh clone" in str(found.value)


@pytest.mark.parametrize(
    "statement",
    [
        "ANALYZE",
        "VACUUM notes",
        "CREATE TEMP TABLE passing AS SELECT * FROM notes",
        "CREATE TEMP TABLE passing (a serial PRIMARY KEY, b text CHECK (b <> '')); DROP TABLE passing",
        "SELECT count(*) FROM orders",
        "BEGIN; CREATE TABLE never (a int); ROLLBACK",
        "BEGIN; TRUNCATE notes; ROLLBACK",
        "UPDATE notes SET stars = stars",
        "SELECT pg_logical_emit_message(true, 'table public.notes: INSERT:', 'x')",
    ],
)
def test_what_leaves_nothing_behind_is_no_reason_for_a_clone(world: World, statement: str) -> None:
    for part in statement.split("; "):
        world.app.execute(part.encode())
    undone = world.tracker.undo()
    assert undone.done, undone
    assert world.is_as_at_the_start()


def test_a_schema_change_in_another_database_is_none_of_this_one(world: World, either: Server) -> None:
    with closing(psycopg.connect(either.dsn(), autocommit=True)) as elsewhere:
        elsewhere.execute("CREATE TABLE IF NOT EXISTS elsewhere (a int)")
        elsewhere.execute("DROP TABLE elsewhere")
    world.app.execute("INSERT INTO notes VALUES ('here', 1)")
    assert world.tracker.undo()
    assert world.is_as_at_the_start()


def test_what_a_test_left_under_way_is_ended_and_told_with_its_pid(world: World) -> None:
    writer, locker, preparer = world.connect(), world.connect(), world.connect()
    writer.execute("BEGIN; UPDATE customers SET name = 'held'")
    locker.execute("SELECT pg_advisory_lock(7)")
    preparer.execute("BEGIN; DELETE FROM notes WHERE stars IS NULL; PREPARE TRANSACTION 'left over'")
    world.app.execute("INSERT INTO notes VALUES ('committed', 1)")
    undone = world.tracker.undo()
    assert undone.done, undone
    assert {(leak.what, leak.pid) for leak in undone.leaks} == {
        ("open transaction", writer.info.backend_pid),
        ("advisory lock", locker.info.backend_pid),
        ("prepared transaction", 0),
    }
    assert "prepared transaction 'left over'" in [str(leak) for leak in undone.leaks]
    assert world.is_as_at_the_start()
    with pytest.raises(psycopg.OperationalError):
        writer.execute("SELECT 1")


def test_a_spared_backend_is_left_alone(either: Server, world: World) -> None:
    keeper = world.connect()
    world.tracker.close()
    with Tracker.open(either, world.name, spare=[keeper.info.backend_pid]) as tracker:
        keeper.execute("SELECT pg_advisory_lock(8)")
        assert tracker.undo().leaks == ()
        assert keeper.execute("SELECT 1").fetchone() == (1,)


def test_what_a_wide_fixture_writes_is_the_start_of_its_tests(world: World) -> None:
    world.app.execute("INSERT INTO customers (name) VALUES ('fixture')")
    world.app.execute("DELETE FROM notes WHERE text = 'same'")
    world.tracker.enter()
    inside = checksum(world.app)
    for _ in range(2):
        world.app.execute("UPDATE customers SET name = 'test' WHERE name = 'fixture'")
        world.app.execute("INSERT INTO notes VALUES ('same', 1)")
        assert len(world.tracker.delta()) == 2
        assert world.tracker.undo()
        assert inside.differences(checksum(world.app)) == []
    assert world.tracker.leave()
    assert world.is_as_at_the_start()
    world.app.execute("INSERT INTO notes VALUES ('after', 1)")
    assert world.tracker.undo()
    assert world.is_as_at_the_start()


def test_what_a_left_frame_keeps_goes_with_the_next_undo(world: World) -> None:
    for _ in range(2):
        world.app.execute("INSERT INTO customers (name) VALUES ('fixture')")
        world.app.execute("DELETE FROM notes WHERE text = 'same'")
        world.app.execute("INSERT INTO notes VALUES ('fixture', 1)")
        world.tracker.enter()
        inside = checksum(world.app)
        world.app.execute("UPDATE customers SET name = 'example' WHERE name = 'fixture'")
        assert world.tracker.leave(keep=True)
        assert inside.differences(checksum(world.app)) == []
        assert len(world.tracker.delta()) == 4
        assert world.tracker.dirty()
        world.app.execute("UPDATE notes SET stars = 2 WHERE text = 'fixture'")
        world.app.execute("DELETE FROM customers WHERE name = 'fixture'")
        assert len(world.tracker.delta()) == 3
        assert world.tracker.undo()
        assert world.is_as_at_the_start()
        assert not world.tracker.delta()
    world.app.execute("INSERT INTO notes VALUES ('kept', 1)")
    world.tracker.enter()
    assert world.tracker.leave(keep=True)
    assert world.tracker.undo()  # with nothing written since
    assert world.is_as_at_the_start()


def test_a_fixture_may_change_the_schema_and_only_its_end_costs_a_clone(world: World) -> None:
    world.app.execute("CREATE TABLE made (id serial PRIMARY KEY, a int)")
    world.app.execute("INSERT INTO made (a) VALUES (1)")
    world.tracker.enter()
    inside = checksum(world.app)
    world.app.execute("UPDATE made SET a = 2")
    assert world.tracker.delta().updated == [({"id": 1, "a": 1}, {"id": 1, "a": 2})]
    assert world.tracker.undo(prove=True)
    assert inside.differences(checksum(world.app)) == []
    undone = world.tracker.leave()
    assert not undone
    assert any("the schema was changed" in reason for reason in undone.reasons)


def test_more_rows_than_a_clone_is_worth_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.tracker.close()
    monkeypatch.setattr("pytest_prodparity.databases.delta.stream.MOST", 1000)
    with Tracker.open(world.server, world.name) as tracker:
        world.app.execute("INSERT INTO notes SELECT 'many', n FROM generate_series(1, 2000) n")
        undone = tracker.undo()
    assert undone.reasons == ("more than 1,000 rows were changed",)


def test_a_broken_undo_is_told(world: World) -> None:
    # A "generated" column whose function is not what it says: the row does not come back as it was.
    world.tracker.close()
    world.app.execute("CREATE SEQUENCE liar_count")
    world.app.execute(
        "CREATE FUNCTION lie(int) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$ SELECT nextval('public.liar_count') $$"
    )
    world.app.execute("CREATE TABLE liar (id int PRIMARY KEY, n bigint GENERATED ALWAYS AS (lie(id)) STORED)")
    world.app.execute("INSERT INTO liar VALUES (1)")
    with Tracker.open(world.server, world.name) as tracker:
        world.app.execute("DELETE FROM liar")
        undone = tracker.undo()
    assert not undone.done
    assert undone.broken
    assert undone.reasons == ("after the undo the state is not the one of the start",)


def test_a_clone_of_the_same_template_takes_the_reading_over(world: World) -> None:
    world.tracker.close()
    clone = f"{world.name} 2"
    world.app.close()
    with closing(psycopg.connect(world.server.dsn(), autocommit=True)) as admin:
        admin.execute(f'CREATE DATABASE "{clone}" TEMPLATE "{world.name}"'.encode())
        try:
            with (
                Tracker.open(world.server, world.name) as first,
                Tracker.open(world.server, clone, like=first) as second,
                closing(psycopg.connect(world.server.dsn(clone), autocommit=True)) as app,
            ):
                app.execute("CREATE TEMP TABLE t (a int)")
                app.execute("DELETE FROM customers")
                assert len(second.delta()) == 12
                assert not first.delta()
                assert second.undo()
                assert world.start.differences(checksum(app)) == []
                app.execute("CREATE TABLE t2 (a int)")
                assert not second.undo()
                assert first.undo()
        finally:
            drop(admin, clone)


def test_a_sample_sees_a_changed_row_and_not_another_order(world: World) -> None:
    world.app.execute("INSERT INTO orders (customer, total) SELECT 1, n FROM generate_series(1, 9000) n")
    seen = sample(world.app, seed=1)
    before = seen.checksum(world.app)
    assert set(before.tables) >= {"public.orders", "public.notes", "public.customers"}
    world.app.execute("UPDATE orders SET total = total")
    assert before.differences(seen.checksum(world.app)) == []
    world.app.execute("UPDATE notes SET stars = 9 WHERE text = 'other'")
    world.app.execute("UPDATE orders SET total = total + 1")
    assert before.differences(seen.checksum(world.app)) == ["public.notes", "public.orders"]


def test_a_transaction_of_another_database_that_stays_open_is_named(either: Server, world: World) -> None:
    world.tracker.close()
    with closing(psycopg.connect(either.dsn())) as holder:
        holder.execute("CREATE TABLE holding (a int)")
        with pytest.raises(Untrackable) as found:
            Tracker.open(either, world.name, patience=0.3)
        assert f"process {holder.info.backend_pid} in the database postgres" in str(found.value)
        holder.rollback()
    with Tracker.open(either, world.name) as tracker:
        assert tracker.undo()


def test_a_server_where_nothing_can_be_followed_says_why(either: Server) -> None:
    assert why_not(either) is None
    with closing(psycopg.connect(either.dsn(), autocommit=True)) as admin:
        admin.execute("CREATE ROLE weak LOGIN CREATEDB PASSWORD 'weak word'")
        try:
            weak = Server(
                host=either.host, port=either.port, user="weak", password="weak word", version=either.version, kind="external",
            )  # fmt: skip
            assert why_not(weak) == f"'weak' is not a superuser of {either.host}:{either.port}"
            with pytest.raises(Untrackable) as found:
                Tracker.open(weak, "postgres")
            assert "Each test can have a clone instead" in str(found.value)
            assert 'ALTER ROLE "weak" SUPERUSER' in str(found.value)
            assert "weak word" not in str(found.value)
        finally:
            admin.execute("DROP ROLE weak")


def test_a_server_without_logical_decoding_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = options.settings
    monkeypatch.setattr(options, "settings", lambda major: usual(major) | {"wal_level": "replica"})
    provider = Embedded(throw_away=True)
    try:
        started = provider.start()
        assert why_not(started) == f"wal_level is 'replica' on 127.0.0.1:{started.port}"
        with pytest.raises(Untrackable, match="To fix: ALTER SYSTEM SET wal_level = logical there, and restart it"):
            Tracker.open(started, "postgres")
    finally:
        provider.stop()


def test_an_old_version_is_refused(server: Server) -> None:
    old = Server(
        host=server.host, port=server.port, user=server.user, password=server.password, kind="external", version=140000
    )  # fmt: skip
    assert why_not(old) == "PostgreSQL 14 is older than 15"


def test_tables_are_prepared_once(world: World) -> None:
    with closing(prepare.connect(world.server, world.name)) as connection:
        assert prepare.prepare(connection) == 0


def test_a_killed_slot_is_not_left_behind(world: World, wait_until: Callable[[Callable[[], bool]], None]) -> None:
    with closing(psycopg.connect(world.server.dsn(), autocommit=True)) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", [world.tracker.pids[1]])

        def gone() -> bool:
            query = "SELECT count(*) FROM pg_replication_slots WHERE database = %s"
            return admin.execute(query, [world.name]).fetchone() == (0,)

        wait_until(gone)
    world.app.execute("INSERT INTO notes VALUES ('unseen', 1)")
    undone = world.tracker.undo()
    assert not undone.done
    assert "PostgreSQL refused" in undone.reasons[0] or undone.reasons[0] == "the connection to the server was lost"


def test_a_key_of_several_letters_is_found_again_and_a_partition_has_its_tables_name(either: Server) -> None:
    name = f"tracked {secrets.token_hex(4)}"
    with closing(psycopg.connect(either.dsn(), autocommit=True)) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            with closing(psycopg.connect(either.dsn(name), autocommit=True)) as app:
                app.execute("CREATE TABLE currency (code char(3) PRIMARY KEY, bits bit(4))")
                app.execute("CREATE TABLE flags (bits bit(4) PRIMARY KEY)")
                app.execute("CREATE TABLE event (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)")
                app.execute(
                    "CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
                )
                with Tracker.open(either, name) as tracker:
                    start = checksum(app)
                    app.execute("INSERT INTO currency VALUES ('EUR', '1010')")
                    app.execute("INSERT INTO flags VALUES ('0110')")
                    app.execute("INSERT INTO event VALUES (1, '2026-05-05')")
                    assert tracker.delta().tables == ("currency", "flags", "event")
                    undone = tracker.undo()
                    assert undone, undone.reasons
                    assert start.differences(checksum(app)) == []
        finally:
            drop(admin, name)


def test_what_is_written_after_a_delta_was_read_is_taken_back_too(world: World) -> None:
    world.app.execute("UPDATE customers SET vip = true WHERE id = 1")
    assert len(world.tracker.delta().changes) == 1
    world.app.execute("INSERT INTO notes VALUES ('late', 5)")

    undone = world.tracker.undo()

    assert undone.rows == 2
    assert world.is_as_at_the_start()


def test_what_is_committed_or_left_open_after_a_delta_was_read_is_taken_back_too(world: World) -> None:
    late, left = world.connect(), world.connect()
    late.execute("BEGIN; UPDATE customers SET vip = true WHERE id = 2")
    left.execute("BEGIN; UPDATE customers SET vip = true WHERE id = 3")
    world.app.execute("UPDATE customers SET vip = true WHERE id = 1")
    assert len(world.tracker.delta().changes) == 1
    late.execute("COMMIT")

    undone = world.tracker.undo()

    assert (undone.rows, len(undone.leaks)) == (2, 1)
    assert world.is_as_at_the_start()


def test_a_delta_is_read_once_where_nothing_is_written_after_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.app.execute("UPDATE customers SET vip = true WHERE id = 1")
    looks: list[Stream] = []
    look = Stream.look

    def counted(stream: Stream) -> None:
        looks.append(stream)
        look(stream)

    monkeypatch.setattr(Stream, "look", counted)

    assert len(world.tracker.delta().changes) == 1
    assert world.tracker.undo(prove=False).rows == 1

    assert len(looks) == 1
    assert world.is_as_at_the_start()
