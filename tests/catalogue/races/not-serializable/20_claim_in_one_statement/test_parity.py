import app
import asyncpg
import pytest
import pytest_asyncio


@pytest.fixture
def jobs(parity_db):
    parity_db.owner.execute("""
        INSERT INTO jobs (queue, payload, run_at)
        SELECT 'acme', jsonb_build_object('recipient', n || '@acme.example', 'subject', 'Hello'),
          now() - make_interval(mins => 10 - n) FROM generate_series(1, 2) n
    """)


@pytest_asyncio.fixture
async def pool(parity_db):
    async with asyncpg.create_pool(parity_db.dsn, min_size=2, max_size=4) as pool:
        yield pool


@pytest.mark.prodparity
@pytest.mark.usefixtures("jobs")
async def test_two_workers(pool, parity_race):
    await parity_race(lambda: app.work(pool, "acme"), lambda: app.work(pool, "acme"))
