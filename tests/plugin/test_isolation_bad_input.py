"""Tests that behave badly: the next one meets the start all the same."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest

from pytest_prodparity.databases.provider import Server
from tests.plugin.test_broken import databases, wait_for
from tests.plugin.test_isolation import EMPTY, HEAD, copies
from tests.project import Project, production

Make = Callable[[Mapping[str, str]], Project]

AWKWARD = """
CREATE TABLE plain (a int, b text);
CREATE TABLE blobs (id int PRIMARY KEY, data text);
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE audit (id bigserial PRIMARY KEY, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO audit (what) VALUES (TG_OP); RETURN NULL; END $$;
CREATE TABLE watched (id int PRIMARY KEY, n int);
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON watched FOR EACH ROW EXECUTE FUNCTION note();
CREATE TABLE parts (id int, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('b');
CREATE TABLE sums (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, half int);
CREATE UNLOGGED TABLE cache (key text PRIMARY KEY);
INSERT INTO plain SELECT 1, 'x' FROM generate_series(1, 100);
"""

TESTS = """\
import multiprocessing
import os
import threading
import psycopg
import pytest

pytestmark = pytest.mark.prodparity
TABLES = ["plain", "blobs", "parents", "children", "audit", "watched", "parts_a", "parts_b", "sums", "cache"]

START = '''
INSERT INTO plain SELECT 1, 'same' FROM generate_series(1, 3);
INSERT INTO parents VALUES (1); INSERT INTO children VALUES (1, 1);
INSERT INTO watched VALUES (1, 1);
INSERT INTO parts VALUES (1, 'a');
INSERT INTO sums (id) VALUES (1);
INSERT INTO blobs SELECT 1, string_agg(md5(n::text), '') FROM generate_series(1, 200000) n;
'''

def state(connection):
    rows = {table: sorted(map(str, connection.execute(f"SELECT t::text FROM {table} t").fetchall()))
            for table in TABLES if table != "blobs"}
    rows["blobs"] = connection.execute("SELECT id, md5(data) FROM blobs").fetchall()
    rows["sequence"] = connection.execute("SELECT last_value, is_called FROM audit_id_seq").fetchall()
    return rows

@pytest.fixture(scope="module", autouse=True)
def start():
    with psycopg.connect(os.environ["DSN"]) as connection:
        connection.execute(START)
        connection.commit()
        return state(connection)

@pytest.fixture(autouse=True)
def is_as_at_the_start(parity_db, start):
    assert state(parity_db.owner) == start

def run(parity_db, *statements):
    with parity_db.connect(autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)

def test_no_primary_key(parity_db):
    run(parity_db, "UPDATE plain SET b = 'other' WHERE ctid IN (SELECT ctid FROM plain LIMIT 1)", "DELETE FROM plain WHERE ctid IN (SELECT ctid FROM plain LIMIT 1)")

def test_large_values(parity_db):
    run(parity_db, "UPDATE blobs SET id = 2", "UPDATE blobs SET data = reverse(data)", "DELETE FROM blobs")

def test_deferred_constraints(parity_db):
    run(parity_db, "BEGIN", "DELETE FROM parents", "INSERT INTO children VALUES (2, 7)", "INSERT INTO parents VALUES (1), (7)", "COMMIT")

def test_a_trigger_that_writes_elsewhere(parity_db):
    run(parity_db, "UPDATE watched SET n = 2", "DELETE FROM watched")

def test_a_row_moves_to_another_partition(parity_db):
    run(parity_db, "UPDATE parts SET region = 'b'")

def test_generated_columns(parity_db):
    run(parity_db, "UPDATE sums SET id = 5", "INSERT INTO sums (id, half) VALUES (9, 4)")

def test_unlogged(parity_db):
    run(parity_db, "INSERT INTO cache VALUES ('k')")

def test_roles(parity_db):
    parity_db.owner.execute("ALTER ROLE CURRENT_USER SET work_mem = '8MB'")
    parity_db.owner.execute("ALTER ROLE CURRENT_USER RESET work_mem")

def test_alter_system(parity_db):
    with pytest.raises(psycopg.Error):
        parity_db.owner.execute("ALTER SYSTEM SET work_mem = '8MB'")

def test_advisory_lock(parity_db):
    parity_db.connect().execute("SELECT pg_advisory_lock(1)")

def test_terminates_everybody(parity_db):
    run(parity_db, "INSERT INTO cache VALUES ('k')")
    with parity_db.connect(autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = CURRENT_USER AND pid <> pg_backend_pid()")

def child(dsn):
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO cache VALUES ('child')")
    connection = psycopg.connect(dsn)
    connection.execute("INSERT INTO cache VALUES ('never')")
    os._exit(1)

def test_a_child_that_ends_in_the_middle(parity_db):
    process = multiprocessing.get_context("spawn").Process(target=child, args=(parity_db.dsn,))
    process.start()
    process.join()
    assert parity_db.owner.execute("SELECT key FROM cache").fetchall() == [("child",)]

def test_a_thread_that_outlives_its_test(parity_db):
    connection = parity_db.connect()
    def sleep():
        try:
            connection.execute("SELECT pg_sleep(60)")
        except psycopg.Error:
            pass
    thread = threading.Thread(target=sleep, daemon=True)
    thread.start()
    while not parity_db.owner.execute("SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()").fetchall():
        pass

def test_drops_everything(parity_db):
    parity_db.owner.execute("DROP SCHEMA public CASCADE")

def test_drops_the_tables_by_truncate(parity_db):
    run(parity_db, "TRUNCATE parents CASCADE")

def test_last(parity_db):
    pass
"""


@pytest.fixture
def project(project: Make) -> Make:
    """Without production's rows."""
    return lambda files: project({"pyproject.toml": EMPTY, **files})


@pytest.fixture
def awkward(tmp_path: Path, cache: Path, server: Server) -> Project:
    folder = tmp_path / "awkward"
    folder.mkdir()
    production(server, "awkward", AWKWARD, folder)
    return Project(folder, cache)


def test_each_begins_as_the_first(awkward: Project) -> None:
    awkward.write({"test_it.py": TESTS, "pyproject.toml": EMPTY + '[tool.prodparity.env]\nDSN = "{db.dsn}"\n'})
    result = awkward.run("-W", "error", "-p", "no:asyncio", timeout=300)
    assert result.outcomes == {"passed": 16}, result.out
    costly = {test.partition("[")[0] for test, _ in copies(result)}
    assert costly - {"test_roles"} == {"test_drops_everything", "test_drops_the_tables_by_truncate"}, result.out


def test_a_run_that_hangs_and_is_killed_leaves_nothing_for_the_next(project: Make) -> None:
    tests = HEAD + (
        "import pathlib, time\n\ndef test_hangs(parity_db):\n    add(parity_db, 'b')\n"
        "    pathlib.Path('there').write_text(parity_db.owner.info.dsn + ' password=' + parity_db.owner.info.password)\n"
        "    if not pathlib.Path('again').exists():\n        time.sleep(600)\n"
    )
    made = project({"test_it.py": tests})
    keeper = made.start("test_it.py")
    wait_for((made.folder / "there").exists)
    dsn = (made.folder / "there").read_text()
    (made.folder / "there").unlink()
    process = made.start("test_it.py")
    wait_for((made.folder / "there").exists)
    left = psycopg.conninfo.conninfo_to_dict((made.folder / "there").read_text())["dbname"]
    process.kill()
    process.communicate(timeout=30)
    assert left in databases(dsn)
    (made.folder / "again").write_text("")
    try:
        assert made.run().outcomes == {"passed": 1}
        assert left not in databases(dsn)
        with psycopg.connect(dsn) as connection:
            slots = connection.execute("SELECT count(*) FROM pg_replication_slots WHERE database = %s", [left])
            assert slots.fetchone() == (0,)
    finally:
        keeper.send_signal(signal.SIGINT)
        keeper.communicate(timeout=30)


def test_a_process_that_ends_at_once_is_only_its_own_end(project: Make) -> None:
    made = project({"test_a.py": HEAD + "def test_it(parity_db):\n    add(parity_db, 'b')\n    os._exit(3)\n"})
    assert made.run().status == 3
    made.write({"test_a.py": HEAD + "def test_it(parity_db):\n    assert count(parity_db) == 0\n"})
    assert made.run().outcomes == {"passed": 1}
