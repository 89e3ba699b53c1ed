import os

import app
import psycopg
import pytest


@pytest.fixture
def ticket(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, subject) SELECT tenant_id, id, 'Mug' FROM customer RETURNING *
        )
        SELECT id FROM ticket
    """).fetchone()[0]


@pytest.fixture(scope="class")
def connection():
    with psycopg.connect(os.environ["DATABASE_DSN"], connect_timeout=2) as connection:
        yield connection


@pytest.fixture
def conn(connection):
    yield connection
    if not connection.closed:
        connection.rollback()


class TestTags:
    @pytest.mark.prodparity
    def test_a_tag_is_added_once(self, conn, ticket):
        app.add_tag(conn, ticket, "late")
        app.add_tag(conn, ticket, "late")
        conn.commit()
        assert app.tags(conn, ticket) == ["late"]

    @pytest.mark.prodparity
    def test_two_tags(self, conn, ticket):
        app.add_tag(conn, ticket, "late")
        app.add_tag(conn, ticket, "broken")
        conn.commit()
        assert app.tags(conn, ticket) == ["broken", "late"]
