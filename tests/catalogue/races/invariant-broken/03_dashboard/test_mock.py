from decimal import Decimal
from unittest.mock import AsyncMock

import app
import pytest


@pytest.mark.asyncio
async def test_refresh():
    pool = AsyncMock()
    pool.fetchrow.return_value = (2, Decimal(30))
    pool.fetchval.side_effect = [2, Decimal(30)]
    dashboard = app.Dashboard(pool, 3)
    await dashboard.refresh()
    assert (dashboard.orders, dashboard.revenue) == (2, Decimal(30))
