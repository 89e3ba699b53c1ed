"""Random programs on two connections: everything that an application does to rows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

import psycopg
from hypothesis import strategies as st

from pytest_prodparity.databases.provider import Server

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'so ''so', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN small AS int CHECK (VALUE < 1000);
CREATE SCHEMA "Other Schema";
CREATE TABLE author (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, balance numeric CHECK (balance >= 0));
CREATE TABLE book (
    id serial PRIMARY KEY, author int REFERENCES author ON DELETE CASCADE ON UPDATE CASCADE,
    title text UNIQUE DEFERRABLE INITIALLY DEFERRED, letters int GENERATED ALWAYS AS (length(title)) STORED, scan text
);
CREATE TABLE page (book int REFERENCES book ON DELETE CASCADE, number int, words text, PRIMARY KEY (book, number));
CREATE TABLE audit (what text, at timestamptz DEFAULT clock_timestamp(), book int);
CREATE TABLE node (id int PRIMARY KEY, parent int REFERENCES node ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE booking (id int PRIMARY KEY, during int4range, EXCLUDE USING gist (during WITH &&));
CREATE TABLE part (k int, v text, n bigserial, PRIMARY KEY (k)) PARTITION BY RANGE (k);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (10) TO (100);
CREATE TABLE "part Rest" PARTITION OF part DEFAULT;
CREATE TABLE loose (a int, b text, c double precision, d boolean);
CREATE TABLE kinds (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), f double precision, r real, n numeric, b bytea, m mood, p pair, s small,
    a text[], j jsonb, t timestamptz, d date, i interval, z bit(3), v varbit, g int4range, c "char", x char(5), o boolean
);
CREATE TABLE "Other Schema"."Odd""N.ame: INSERT:" ("Key %" text PRIMARY KEY, "v[x]:" int, "it's" text);
CREATE TABLE base (id int PRIMARY KEY, a int);
CREATE TABLE derived (b int) INHERITS (base);
CREATE TABLE "all %s {}::" (a int, "b%" text);
CREATE SEQUENCE counter INCREMENT 5;
CREATE SEQUENCE "count %s {}";
CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (what, book) VALUES (TG_OP, coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;
CREATE TRIGGER write_down AFTER INSERT OR UPDATE OR DELETE ON book FOR EACH ROW EXECUTE FUNCTION write_down();
CREATE FUNCTION polish() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := NEW.name || '.'; RETURN NEW; END $$;
CREATE TRIGGER polish BEFORE UPDATE ON author FOR EACH ROW EXECUTE FUNCTION polish();
CREATE RULE shadow AS ON INSERT TO base DO ALSO INSERT INTO loose VALUES (NEW.id, 'rule');

INSERT INTO author (name, balance) SELECT 'author ' || n, n FROM generate_series(1, 12) n;
INSERT INTO book (author, title) SELECT n % 12 + 1, 'title ' || n FROM generate_series(1, 20) n;
UPDATE book SET scan = (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 400) n) WHERE id % 5 = 0;
INSERT INTO page SELECT n % 20 + 1, n, 'words ' || n FROM generate_series(1, 40) n;
INSERT INTO node SELECT n, nullif(n / 2, 0) FROM generate_series(1, 15) n;
INSERT INTO booking SELECT n, int4range(n * 10, n * 10 + 5) FROM generate_series(1, 8) n;
INSERT INTO part SELECT n, 'v' || n FROM generate_series(1, 30) n;
INSERT INTO loose SELECT n % 3, 'b', 'NaN', n % 2 = 0 FROM generate_series(1, 12) n;
INSERT INTO kinds (f, r, n, b, m, p, s, a, j, t, d, i, z, v, g, c, x, o) VALUES
    ('NaN', 'Infinity', 'NaN', '\\x0027', 'so ''so', (1, 'it''s "b"'), 7, '{a,"b c",NULL,"q\\"uo"}', '{"k": [1, null]}',
     'infinity', '-infinity', '1 mon -3 days 04:05:06.789', B'101', B'01', '[1,9)', 'x', 'ab', true),
    (0.1, 1e-30, 12345678901234567890.00, '', NULL, NULL, NULL, '{}', 'null', '0044-03-15 BC', NULL, '-1 year', NULL, B'', 'empty',
     NULL, '', NULL);
INSERT INTO "Other Schema"."Odd""N.ame: INSERT:" VALUES ('a', 1, 'new-tuple: null'), ('', NULL, E'tab\\tnewline\\nback\\\\');
INSERT INTO base SELECT n, n FROM generate_series(1, 5) n;
INSERT INTO derived SELECT n, n, n FROM generate_series(6, 9) n;
ANALYZE;
"""

STATEMENTS = (
    "INSERT INTO author (name, balance) VALUES ('new', {a}) RETURNING id",
    "INSERT INTO author OVERRIDING SYSTEM VALUE VALUES ({a} + 100, 'forced', {b})",
    "UPDATE author SET balance = balance - {a} WHERE id = {b}",
    "UPDATE author SET name = name || '{a}' WHERE id <= {b}",
    "DELETE FROM author WHERE id = {a}",
    "INSERT INTO book (author, title) VALUES ({a}, 'b {b}')",
    "INSERT INTO book (id, author, title) VALUES ({b}, {a} + 1, 'c {b}') ON CONFLICT (id) DO UPDATE SET title = 'c {a}'",
    "UPDATE book SET id = id + 1000 WHERE id = {a}",
    "UPDATE book SET title = 'title ' || (21 - id) WHERE id <= 20",
    "UPDATE book SET title = CASE id WHEN {a} THEN 'title {b}' WHEN {b} THEN 'title {a}' ELSE title END WHERE id IN ({a}, {b})",
    "UPDATE book SET author = {b} WHERE id % 5 = 0",
    "UPDATE book SET scan = scan || '{a}' WHERE id = {b}",
    "UPDATE book SET scan = NULL WHERE id % 10 = 0",
    "DELETE FROM book WHERE author = {a}",
    "INSERT INTO page SELECT {a}, n, repeat('x', n) FROM generate_series(100, 100 + {b}) n",
    "UPDATE page SET number = number + 50 WHERE book = {a}",
    "INSERT INTO node VALUES ({a} + 100, {b})",
    "INSERT INTO node VALUES ({a} + 200, {a} + 201), ({a} + 201, {a} + 200)",
    "UPDATE node SET parent = {a} WHERE id = {b}",
    "DELETE FROM node WHERE id = {a}",
    "INSERT INTO booking VALUES ({a} + 100, int4range({b} * 10 + 5, {b} * 10 + 10))",
    "UPDATE booking SET during = int4range(lower(during) + 1, upper(during) + 1) WHERE id = {a}",
    "UPDATE booking SET during = CASE id WHEN 1 THEN '[500,505)'::int4range ELSE '[600,605)'::int4range END WHERE id IN (1, 2)",
    "DELETE FROM booking WHERE id = {a}",
    "INSERT INTO part (k, v) VALUES ({a} * 7, 'new')",
    "UPDATE part SET k = k + 10 WHERE k = {a}",
    "UPDATE part SET k = -k WHERE k = {a}",
    "DELETE FROM part WHERE k < {a} AND k > {b}",
    "INSERT INTO loose SELECT {a} % 3, 'b', 'NaN', NULL FROM generate_series(1, {b} % 4)",
    "UPDATE loose SET c = {a} WHERE a = {b} % 3",
    "UPDATE loose SET b = NULL, d = NOT d WHERE a = {b} % 3",
    "DELETE FROM loose WHERE a = {a} % 3 AND b IS NOT NULL",
    "INSERT INTO kinds (a, j, t) VALUES (ARRAY['{a}', NULL], '{{\"n\": {b}}}', now())",
    "UPDATE kinds SET f = -f, p = ROW({a}, NULL), i = i * {b}, b = b || '\\xff'",
    "UPDATE kinds SET id = gen_random_uuid() WHERE o",
    "DELETE FROM kinds WHERE m IS NULL",
    'UPDATE "Other Schema"."Odd""N.ame: INSERT:" SET "v[x]:" = {a}, "it\'s" = "it\'s" || \'old-key: \' || \'\'\'\'',
    'INSERT INTO "Other Schema"."Odd""N.ame: INSERT:" VALUES (\'k{a}\', {b}, NULL)',
    "INSERT INTO base VALUES ({a} + 50, {b})",
    "UPDATE base SET a = a + 1 WHERE id < {a}",
    "DELETE FROM base WHERE id = {a}",
    "SELECT nextval('counter')",
    "SELECT nextval('\"count %s {{}}\"')",
    "INSERT INTO \"all %s {{}}::\" SELECT {a}, 'x' FROM generate_series(1, {b})",
    'UPDATE "all %s {{}}::" SET "b%" = {b} WHERE a <> {a}',
    "SELECT setval('counter', {a} + 1, {b} % 2 = 0)",
    "SELECT setval('book_id_seq', {a} + 500)",
    "MERGE INTO part USING (SELECT {a} AS k) s ON part.k = s.k WHEN MATCHED THEN UPDATE SET v = 'merged'"
    " WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k, 'merged')",
    "MERGE INTO loose USING (SELECT {a} % 3 AS a) s ON loose.a = s.a WHEN MATCHED AND c > 1 THEN DELETE"
    " WHEN MATCHED THEN UPDATE SET c = 2",
    "WITH gone AS (DELETE FROM page WHERE book = {a} RETURNING *) INSERT INTO loose (a, b) SELECT number, words FROM gone",
    "INSERT INTO author (name) SELECT 'many' FROM generate_series(1, {a})",
    "SET LOCAL synchronous_commit = off",
    "SELECT * FROM author FOR UPDATE NOWAIT",
)
CONTROL = (
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT s",
    "ROLLBACK TO s",
    "RELEASE s",
    "COPY",
    "PREPARE",
    "COMMIT PREPARED",
)


@dataclass(frozen=True)
class Step:
    """One statement of one actor."""

    actor: int
    text: str
    a: int
    b: int


steps = st.builds(
    Step,
    actor=st.integers(0, 1),
    text=st.sampled_from(STATEMENTS) | st.sampled_from(CONTROL),
    a=st.integers(0, 20),
    b=st.integers(0, 20),
)
programs = st.lists(steps, min_size=1, max_size=30)


def run(connections: Sequence[psycopg.Connection], program: Sequence[Step]) -> int:
    """Run it, interleaved; statements may fail. How many succeeded. Leaves no transaction open."""
    done = 0
    for number, step in enumerate(program):
        connection = connections[step.actor]
        with suppress(psycopg.Error):
            _step(connection, step, number)
            done += 1
    for connection, step in zip(connections, (program[0], program[-1]), strict=True):
        with suppress(psycopg.Error):
            connection.execute("COMMIT" if step.a % 3 else "ROLLBACK")
    return done


def _step(connection: psycopg.Connection, step: Step, number: int) -> None:
    if step.text == "COPY":
        with connection.cursor().copy("COPY page FROM STDIN") as copy:
            copy.write(f"{step.a}\t{number + 500}\tcopied \\\\ \n{step.b}\t{number + 600}\t\\N\n")
    elif step.text == "PREPARE":
        connection.execute(f"PREPARE TRANSACTION 'p{number}'".encode())
        if step.a % 3:
            connection.execute(f"{'COMMIT' if step.a % 2 else 'ROLLBACK'} PREPARED 'p{number}'".encode())
    elif step.text == "COMMIT PREPARED":
        row = connection.execute("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()").fetchone()
        if row:
            connection.execute(f"COMMIT PREPARED '{row[0]}'".encode())
    else:
        connection.execute(step.text.format(a=step.a, b=step.b).encode())


def actors(server: Server, database: str) -> list[psycopg.Connection]:
    """Two connections that do not wait for each other for long."""
    return [
        psycopg.connect(
            server.dsn(database), autocommit=True, options="-c lock_timeout=10 -c client_min_messages=error"
        )
        for _ in range(2)
    ]


def make(server: Server, database: str) -> None:
    """A new database with the schema and its rows; an older one of that name is dropped."""
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'.encode())
        admin.execute(f'CREATE DATABASE "{database}"'.encode())
    with closing(psycopg.connect(server.dsn(database), autocommit=True)) as inside:
        inside.execute(SCHEMA.encode())
        if server.version >= 180000:
            inside.execute("ALTER TABLE author ADD shown text GENERATED ALWAYS AS (name || balance) VIRTUAL")
