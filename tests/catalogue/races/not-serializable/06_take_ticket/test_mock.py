from unittest.mock import AsyncMock, MagicMock

import app
import pytest


def pooled():
    pool, conn = MagicMock(), AsyncMock()
    conn.transaction = MagicMock()
    conn.transaction.return_value.__aexit__.return_value = False
    pool.acquire.return_value.__aenter__.return_value = conn
    pool.acquire.return_value.__aexit__.return_value = False
    for name in ("execute", "fetch", "fetchrow", "fetchval"):
        setattr(pool, name, getattr(conn, name))
    return pool, conn


@pytest.mark.asyncio
async def test_take():
    pool, conn = pooled()
    conn.fetchval.return_value = None
    conn.execute.return_value = "UPDATE 1"
    assert await app.take(pool, 3, 4) is True
    assert conn.execute.await_args.args[1:] == (3, 4)


@pytest.mark.asyncio
async def test_taken():
    pool, conn = pooled()
    conn.fetchval.return_value = 9
    conn.execute.return_value = "UPDATE 0"
    assert await app.take(pool, 3, 4) is False
