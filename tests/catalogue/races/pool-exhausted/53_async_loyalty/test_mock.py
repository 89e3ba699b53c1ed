from unittest.mock import AsyncMock, MagicMock

import app


async def test_points_are_given():
    pool, conn = MagicMock(), AsyncMock()
    conn.transaction = MagicMock()
    pool.acquire.return_value.__aenter__.return_value = conn
    pool.fetchval = AsyncMock(return_value=2)
    conn.fetchrow.return_value = {"customer_id": 5, "euros": 40}
    conn.fetchval.side_effect = lambda query, *args: 2 if query == app.RATE else args[-1]
    assert await app.reward(pool, 4) == 80
