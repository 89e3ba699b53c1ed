from unittest.mock import AsyncMock, MagicMock

import app
import pytest


def engine(stored):
    engine, conn, result = MagicMock(), AsyncMock(), MagicMock()
    result.scalar_one.return_value = stored
    conn.execute.return_value = result
    engine.begin.return_value.__aenter__.return_value = conn
    engine.begin.return_value.__aexit__.return_value = False
    return engine, conn


async def test_within_the_quota():
    stock, conn = engine(30)
    await app.store(stock, 3, 7, 70)
    conn.execute.assert_awaited_with(app.STORE, {"product": 7, "warehouse": 3, "quantity": 70})


async def test_over_the_quota():
    stock, _ = engine(31)
    with pytest.raises(app.OverQuota):
        await app.store(stock, 3, 7, 70)
