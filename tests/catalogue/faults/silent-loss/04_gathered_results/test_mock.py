from unittest.mock import AsyncMock, MagicMock

import app
import pytest


@pytest.mark.asyncio
async def test_all_are_assigned():
    pool, conn = MagicMock(), AsyncMock()
    pool.acquire.return_value.__aenter__ = AsyncMock(return_value=conn)
    pool.acquire.return_value.__aexit__ = AsyncMock(return_value=False)
    assert await app.hand_over(pool, [(1, 4), (2, 4)]) == {"assigned": 2}
    conn.execute.assert_awaited()
