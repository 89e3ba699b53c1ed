from unittest.mock import AsyncMock

import app
import pytest


@pytest.mark.asyncio
async def test_pairs():
    conn = AsyncMock()
    conn.fetch.return_value = [{"first": 1, "second": 2, "times": 9}]
    assert await app.bought_together(conn) == [app.Pair(1, 2, 9)]
