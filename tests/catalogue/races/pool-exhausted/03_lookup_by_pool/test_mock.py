from decimal import Decimal
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
async def test_convert():
    pool, conn = pooled()
    conn.fetchval.side_effect = [Decimal("10.00"), Decimal("1.1")]
    assert await app.convert(pool, 3, "USD") == Decimal("11.00")
    assert conn.execute.await_args.args[1:] == (3, Decimal("11.00"), "USD")
