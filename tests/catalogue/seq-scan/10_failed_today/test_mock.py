import datetime as dt
from decimal import Decimal
from unittest.mock import AsyncMock

import app
import pytest


@pytest.mark.asyncio
async def test_message():
    conn = AsyncMock()
    conn.fetch.return_value = [{"amount": Decimal("9.50")}, {"amount": Decimal("20.00")}]
    assert await app.message(conn, dt.date(2024, 3, 9)) == "09.03.: 2 failed payments, 29.50 in total"


@pytest.mark.asyncio
async def test_quiet_day():
    conn = AsyncMock()
    conn.fetch.return_value = []
    assert await app.message(conn, dt.date(2024, 3, 9)) == "09.03.: no failed payments"
