import app
import asyncpg
import pytest


class MemoryStorage(dict):
    async def put(self, key, body):
        self[key] = body


@pytest.fixture
def mails(parity_db):
    parity_db.owner.execute(
        "INSERT INTO emails (recipient, subject, body) "
        "SELECT 'ann@acme.example', 'acme mail ' || n, 'Hello' FROM generate_series(1, 9) n"
    )


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_all_mails_are_archived(parity_db, mails):
    size = max(2, parity_db.owner.execute("SELECT count(*) FROM emails").fetchone()[0] // 4)
    storage = MemoryStorage()
    conn = await asyncpg.connect(parity_db.dsn)
    try:
        files = await app.archive(conn, storage, size)
    finally:
        await conn.close()
    assert files == len(storage) >= 4
    assert b"".join(storage.values()).count(b"acme mail") == 9
