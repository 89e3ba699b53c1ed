from unittest.mock import AsyncMock, MagicMock, call

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
    conn.fetchval.return_value = 5
    assert await app.Stock(pool).receive(3, 4) == 9
    assert call("UPDATE inventory SET quantity = $2 WHERE product_id = $1", 3, 9) in conn.execute.await_args_list
