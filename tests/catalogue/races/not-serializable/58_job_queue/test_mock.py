from unittest.mock import AsyncMock, patch

import app


async def test_a_job_is_done():
    conn = AsyncMock()
    conn.fetchrow.return_value = {"id": 4, "payload": '{"task": "reindex"}'}
    with patch.object(app.asyncpg, "connect", AsyncMock(return_value=conn)):
        assert await app.work_one("postgresql:///unused", "search") == "reindex"
    conn.execute.assert_awaited_with(app.DONE, 4)


async def test_nothing_to_do():
    conn = AsyncMock()
    conn.fetchrow.return_value = None
    with patch.object(app.asyncpg, "connect", AsyncMock(return_value=conn)):
        assert await app.work_one("postgresql:///unused", "search") is None
