from unittest.mock import AsyncMock, MagicMock, patch

import app
import pytest


@pytest.mark.asyncio
@pytest.mark.parametrize(("tag", "expected"), [("UPDATE 1", True), ("UPDATE 0", False)])
async def test_erase(tag, expected):
    conn = MagicMock(execute=AsyncMock(return_value=tag), close=AsyncMock())
    with patch.object(app.asyncpg, "connect", AsyncMock(return_value=conn)):
        assert await app.erase("postgresql:///x", 4) is expected
    assert conn.execute.await_count == 3
    conn.close.assert_awaited()
