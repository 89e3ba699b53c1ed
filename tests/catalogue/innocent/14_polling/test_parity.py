import asyncio

import app
import asyncpg
import pytest


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_waits_until_the_job_is_done(parity_db):
    job = parity_db.owner.execute("INSERT INTO jobs (status) VALUES ('running') RETURNING id").fetchone()[0]

    async def finish():
        await asyncio.sleep(0.2)
        parity_db.owner.execute("UPDATE jobs SET status = 'done' WHERE id = %s", (job,))

    conn = await asyncpg.connect(parity_db.dsn)
    try:
        await asyncio.gather(app.wait_for(conn, job), finish())
    finally:
        await conn.close()
