import os
from unittest.mock import AsyncMock, MagicMock, patch

import pytest

os.environ["ASYNC_DATABASE_URL"] = "postgresql+asyncpg:///unused"

import app


@pytest.mark.asyncio
async def test_my_tickets():
    session = AsyncMock()
    session.scalars.return_value = [app.Ticket(id=5, customer_id=1, subject="Late", status="open")]
    factory = MagicMock()
    factory.return_value.__aenter__.return_value = session
    with patch.object(app, "SessionLocal", factory):
        assert await app.my_tickets(1) == [{"id": 5, "subject": "Late", "status": "open"}]
