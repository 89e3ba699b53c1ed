from unittest.mock import AsyncMock, MagicMock

import app
import pytest


@pytest.mark.asyncio
async def test_add():
    session = AsyncMock()
    session.__aenter__.return_value = session
    session.__aexit__.return_value = False
    await app.Notes(MagicMock(return_value=session)).add(3, "kim", "Call back")
    assert session.execute.await_count == 2
    session.commit.assert_awaited_once_with()
