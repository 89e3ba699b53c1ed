import datetime as dt
from unittest.mock import AsyncMock

import app
import pytest


@pytest.mark.asyncio
async def test_widget():
    seen = dt.datetime(2024, 5, 1, 12, 30, tzinfo=dt.UTC)
    session = AsyncMock()
    session.scalars.return_value = [app.Customer(id=1, name="Ann", email="a@x.org", last_seen=seen)]
    assert await app.widget(session) == [{"name": "Ann", "seen": "2024-05-01T12:30+00:00"}]
