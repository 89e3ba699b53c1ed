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
async def test_receive():
    pool, conn = pooled()
    assert await app.receive(pool, 1, {4: 2, 7: 1}) == 2
    assert [call.args[1:] for call in conn.execute.await_args_list] == [(4, 1, 2), (7, 1, 1)]
