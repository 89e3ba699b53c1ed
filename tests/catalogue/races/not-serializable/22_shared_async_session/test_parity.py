from contextlib import suppress

import app
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine


@pytest.fixture
def tickets(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, subject) SELECT tenant_id, id, 'Mug ' || n FROM customer, generate_series(1, 2) n RETURNING *
        )
        SELECT id FROM ticket ORDER BY subject
    """).fetchall()
    return [row[0] for row in rows]


@pytest_asyncio.fixture
async def notes(parity_db):
    engine = create_async_engine(parity_db.async_url)
    notes = app.Notes(async_sessionmaker(engine))
    yield notes
    with suppress(Exception):
        await notes.close()
    await engine.dispose()


@pytest.mark.prodparity
async def test_two_notes(notes, parity_race, tickets):
    await parity_race(
        lambda: notes.add(tickets[0], "kim", "Call back"),
        lambda: notes.add(tickets[1], "lee", "Solved"),
    )
