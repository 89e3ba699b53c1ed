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
async def test_rename():
    pool, conn = pooled()
    conn.fetchval.side_effect = ["Ann", None]
    assert await app.rename(pool, 3, "Anna") == "Ann"
    with pytest.raises(LookupError):
        await app.rename(pool, 4, "Anna")
    conn.execute.assert_awaited_once()
