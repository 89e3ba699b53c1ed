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
async def test_invite():
    pool, conn = pooled()
    conn.fetchval.side_effect = [2, 1]
    await app.invite(pool, 3, "lee@acme.example")
    assert conn.execute.await_args.args[1:] == (3, "lee@acme.example")


@pytest.mark.asyncio
async def test_full():
    pool, conn = pooled()
    conn.fetchval.side_effect = [2, 2]
    with pytest.raises(app.NoSeat):
        await app.invite(pool, 3, "lee@acme.example")
