from types import SimpleNamespace
from unittest.mock import AsyncMock, patch

import app
import pytest


async def shipped(status):
    session = AsyncMock()
    session.get.return_value = SimpleNamespace(status=status)
    session.execute.return_value = SimpleNamespace(rowcount=int(status == "pending"))
    with patch.object(app, "AsyncSession") as sessions:
        sessions.return_value.__aenter__.return_value = session
        sessions.return_value.__aexit__.return_value = False
        await app.ship("engine", 3)
    return session


@pytest.mark.asyncio
async def test_ship():
    session = await shipped("pending")
    session.commit.assert_awaited_once_with()


@pytest.mark.asyncio
async def test_cancelled():
    with pytest.raises(app.WrongStatus):
        await shipped("cancelled")
