"""No secret and no person leaves production: values planted in rows and in the schema are looked for in the files."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.store import save
from tests.postgres.conftest import Production, production_on

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ6YXBob2QifQ.c2lnbmF0dXJlLW9mLXphcGhvZA"
ROWS = {
    "an e-mail that many orders share": "zaphod@heartofgold.example",
    "a name of one row": "Tricia McMillan",
    "a name of ten rows": "Slartibartfast",
    "a phone number": "+44 7700 900461",
    "a phone number in a column of another name": "0171-555 38291",
    "a social security number as a number": "078051120",
    "a card number as a number": "4111111111111111",
    "a token in jsonb": "tok_zarquon_4711",
    "a label in an array": "vogon-poetry-lover",
    "a word of a document": "magrathea",
    "a word in bytes": "deepthought42",
    "an address of the net": "203.0.113.77",
    "an iban": "DE89370400440532013000",
    "a session": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "a JSON web token that many rows share": JWT,
    "a password that many rows share": "beeblebrox-1979",
    "a birthday": "1942-03-11",
    "the first in an index": "AAA Arthur Dent",
    "the last in an index": "zzz Ford Prefect",
    "an end of a range of text": "marvin-the-paranoid",
    "a part of a composite": "Fenchurch Street 4",
    "a domain's text of one row": "agrajag-reborn",
    "a value in a partition": "Oolon Colluphid",
    "a value in a materialised view": "Eccentrica Gallumbits",
    "a number of a person": "490173123457",
}

DOMAIN = "a domain's text of one row"

FILL = f"""
CREATE TYPE textrange AS RANGE (subtype = text);
CREATE TYPE place AS (street text, town text);
CREATE DOMAIN label AS text;
CREATE TABLE orders (
    id int PRIMARY KEY, contact text, customer text, mate text, phone text, note text, ssn bigint, number bigint,
    doc jsonb, tags text[], words tsvector, raw bytea, net inet, iban text, session uuid, auth text, extra text,
    birthday date, sorted text, span textrange, home place, kind label, mobile numeric, status text);
INSERT INTO orders SELECT i, '{ROWS["an e-mail that many orders share"]}',
    CASE WHEN i = 5 THEN '{ROWS["a name of one row"]}' ELSE 'c' || i END,
    CASE WHEN i <= 10 THEN '{ROWS["a name of ten rows"]}' ELSE 'm' || i % 20 END,
    '{ROWS["a phone number"]}', '{ROWS["a phone number in a column of another name"]}',
    {int(ROWS["a social security number as a number"])}, {ROWS["a card number as a number"]},
    jsonb_build_object('auth', '{ROWS["a token in jsonb"]}'), ARRAY['{ROWS["a label in an array"]}'],
    to_tsvector('simple', '{ROWS["a word of a document"]}'), '{ROWS["a word in bytes"]}',
    '{ROWS["an address of the net"]}', '{ROWS["an iban"]}', '{ROWS["a session"]}', '{JWT}',
    '{JWT}', '{ROWS["a birthday"]}',
    CASE i WHEN 1 THEN '{ROWS["the first in an index"]}' WHEN 2 THEN '{ROWS["the last in an index"]}' ELSE 'm' || i END,
    textrange('a', '{ROWS["an end of a range of text"]}'), ('{ROWS["a part of a composite"]}', 'x')::place,
    CASE WHEN i = 7 THEN '{ROWS[DOMAIN]}' ELSE 'l' || i END,
    {ROWS["a number of a person"]}, (ARRAY['open', 'paid', 'sent'])[i % 3 + 1]
FROM generate_series(1, 2000) i;
CREATE INDEX ON orders (sorted);
CREATE INDEX ON orders (lower(contact));
CREATE INDEX ON orders (upper(customer));
CREATE INDEX ON orders (birthday);
CREATE INDEX ON orders (mobile);
CREATE INDEX ON orders (session);
CREATE INDEX ON orders (net);
CREATE STATISTICS pairs (mcv) ON contact, status FROM orders;
CREATE STATISTICS numbers (mcv) ON ssn, mobile FROM orders;
CREATE STATISTICS computed ON (lower(extra)), status FROM orders;
CREATE TABLE logins (id int, password text, day date) PARTITION BY RANGE (id);
CREATE TABLE logins_1 PARTITION OF logins FOR VALUES FROM (0) TO (100000);
INSERT INTO logins SELECT i, '{ROWS["a password that many rows share"]}', '2024-01-01' FROM generate_series(1, 500) i;
CREATE TABLE authors (id int, who text) PARTITION BY RANGE (id);
CREATE TABLE authors_1 PARTITION OF authors FOR VALUES FROM (0) TO (100000);
INSERT INTO authors SELECT i, CASE WHEN i < 4 THEN '{ROWS["a value in a partition"]}' ELSE 'a' || i END
FROM generate_series(1, 500) i;
INSERT INTO authors SELECT i, '{ROWS["a value in a materialised view"]}' FROM generate_series(1, 3) i;
CREATE MATERIALIZED VIEW best AS SELECT who AS guest FROM authors WHERE id < 50;
ANALYZE;
"""

SCHEMA_SECRETS = {
    "a foreign server's option": "krypton-host.internal",
    "a user mapping's password": "mapped-Pa55",
    "a subscription's password": "subscribed-Pa55",
    "a function's connection string": "dblinked-Pa55",
    "a default": "sk_live_51H8xZarquonZarquon42",
    "a comment": "AKIAIOSFODNN7EXAMPLE",
    "a URL in a view": "viewed-Pa55",
    "a role's setting": "role-setting-Pa55",
    "a database's setting": "database-setting-Pa55",
    "a foreign table's option": "ftoption-Pa55",
    "a check": "ghp_abcdefghijklmnopqrstuvwxyz012345",
}

FOREIGN = f"""
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{SCHEMA_SECRETS["a foreign server's option"]}', port '5433');
CREATE USER MAPPING FOR PUBLIC SERVER far
    OPTIONS (user 'u', password '{SCHEMA_SECRETS["a user mapping's password"]}');
CREATE FOREIGN TABLE away (id int OPTIONS (column_name 'remote_id'), v text) SERVER far
    OPTIONS (schema_name 'public', table_name 'home');
CREATE FOREIGN DATA WRAPPER own OPTIONS (secret '{SCHEMA_SECRETS["a foreign table's option"]}');
CREATE SUBSCRIPTION sub CONNECTION 'host=x password={SCHEMA_SECRETS["a subscription's password"]}' PUBLICATION p
    WITH (connect = false, slot_name = NONE);
CREATE FUNCTION far_rows() RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN RETURN 'host=h dbname=d password={SCHEMA_SECRETS["a function's connection string"]}'; END $$;
CREATE TABLE hooks (id int, key text DEFAULT '{SCHEMA_SECRETS["a default"]}',
    CHECK (key <> '{SCHEMA_SECRETS["a check"]}'));
COMMENT ON TABLE hooks IS 'deploys with {SCHEMA_SECRETS["a comment"]}';
CREATE VIEW link AS SELECT 'postgresql://u:{SCHEMA_SECRETS["a URL in a view"]}@h/d'::text AS url;
"""


def spellings(secret: str) -> Iterator[bytes]:
    """Plain, hexadecimal, percent-encoded, and base64 at each of the three offsets."""
    plain = secret.encode()
    yield plain
    yield plain.lower()
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield quote(secret).encode()
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + plain)
        yield coded[(0, 2, 3)[offset] : len(coded) - 4]


@pytest.fixture(scope="module")
def filled(either: Server) -> Iterator[Production]:
    with production_on(either, FILL) as production:
        yield production


@pytest.mark.parametrize("role", ["superuser", "reader"])
def test_no_byte_of_parity_holds_a_planted_value(filled: Production, tmp_path: Path, role: str) -> None:
    url = filled.url if role == "superuser" else filled.role("GRANT pg_read_all_data TO {}")
    profile, schema = capture(url)
    save(tmp_path, profile, schema)
    written = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    found = [what for what, secret in ROWS.items() if any(form in written for form in spellings(secret))]
    assert found == []
    orders = profile.table("orders")
    assert orders is not None
    statistics = {column.name: column.statistics for column in orders.columns}
    status = statistics["status"]
    assert status is not None
    assert set(status.most_common_vals or []) == {"open", "paid", "sent"}, "and yet it is of use"


def test_the_same_values_are_found_where_nothing_is_withheld(filled: Production, tmp_path: Path) -> None:
    """The search itself works: with --keep the values are there."""
    profile, schema = capture(filled.url, keep=["*.*"])
    save(tmp_path, profile, schema)
    written = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    found = {what for what, secret in ROWS.items() if any(form in written for form in spellings(secret))}
    assert len(found) >= 18, sorted(ROWS.keys() - found)


def test_secrets_of_the_schema_stay(either: Server, tmp_path: Path, make_production: Callable[..., Production]) -> None:
    production = make_production(either, FOREIGN)
    name = f'"{production.name}"'
    url = production.role("ALTER ROLE {} SET app.key = '" + SCHEMA_SECRETS["a role's setting"] + "'")
    production.execute(f"ALTER DATABASE {name} SET app.jwt = '" + SCHEMA_SECRETS["a database's setting"] + "'")
    try:
        for who in (production.url, url):
            profile, schema = capture(who)
            save(tmp_path, profile, schema)
            written = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
            found = [
                what for what, secret in SCHEMA_SECRETS.items() if any(form in written for form in spellings(secret))
            ]
            assert found == []
            notes = "\n".join(profile.notes)
            assert "server far: its options were left out (host, port)" in notes
            assert "function far_rows(): literals that look like secrets were replaced by *** (password)" in notes
            assert "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;" in schema
            assert "table_name 'home'" in schema
            assert "SUBSCRIPTION" not in schema
            assert "USER MAPPING" not in schema
    finally:
        with psycopg.connect(production.url, autocommit=True) as connection:
            connection.execute("DROP SUBSCRIPTION sub")


def test_the_schema_without_its_secrets_still_restores(
    server: Server, make_production: Callable[..., Production]
) -> None:
    production = make_production(server, FOREIGN)
    _, schema = capture(production.url)
    with psycopg.connect(production.url, autocommit=True) as connection:
        connection.execute("DROP SUBSCRIPTION sub")
    make_production(server, schema)
