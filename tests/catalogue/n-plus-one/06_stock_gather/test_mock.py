from unittest.mock import AsyncMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_sold_out():
    with patch.object(app, "availabilities", AsyncMock(return_value={1: 5, 2: 0, 3: 1})):
        assert await app.sold_out(None, [1, 2, 3]) == [2]


@pytest.mark.asyncio
@pytest.mark.parametrize(("stored", "shown"), [(7, 7), (None, 0), (-2, 0)])
async def test_availability(stored, shown):
    pool = AsyncMock()
    pool.fetchval.return_value = stored
    assert await app.availability(pool, 1) == shown
