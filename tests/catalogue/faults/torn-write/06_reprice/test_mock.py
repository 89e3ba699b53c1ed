from decimal import Decimal
from unittest.mock import AsyncMock, MagicMock

import app
import pytest


@pytest.mark.asyncio
async def test_reprice():
    pool = MagicMock()
    conn = AsyncMock()
    pool.acquire.return_value.__aenter__ = AsyncMock(return_value=conn)
    pool.acquire.return_value.__aexit__ = AsyncMock(return_value=False)
    assert await app.reprice(pool, {1: Decimal(2), 2: Decimal(3)}) == 2
    conn.execute.assert_awaited()


@pytest.mark.asyncio
async def test_free_products_are_refused():
    with pytest.raises(ValueError):
        await app.reprice(MagicMock(), {1: Decimal(0)})
