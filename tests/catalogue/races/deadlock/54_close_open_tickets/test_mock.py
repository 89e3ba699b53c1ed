from unittest.mock import AsyncMock, MagicMock, patch

import app


async def test_how_many_were_closed():
    conn = AsyncMock()
    conn.execute.return_value = "UPDATE 12"
    with patch.object(app.asyncpg, "connect", AsyncMock(return_value=conn)):
        assert await app.close_open("postgresql:///unused", 1) == 12
    conn.close.assert_awaited_once()


async def test_tickets_are_assigned():
    conn = AsyncMock()
    conn.transaction = MagicMock()
    with patch.object(app.asyncpg, "connect", AsyncMock(return_value=conn)):
        await app.assign("postgresql:///unused", 5, [21, 22])
    assert conn.execute.await_count == 2
