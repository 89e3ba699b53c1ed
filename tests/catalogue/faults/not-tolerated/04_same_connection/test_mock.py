from unittest.mock import AsyncMock, MagicMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_second_attempt():
    conn = MagicMock(close=AsyncMock())
    with (
        patch.object(app.asyncpg, "connect", AsyncMock(return_value=conn)),
        patch.object(app, "_archive", AsyncMock(side_effect=[OSError("gone"), 4])) as archive,
        patch.object(app.asyncio, "sleep", AsyncMock()),
    ):
        assert await app.archive("postgresql:///x", 5) == 4
    assert archive.await_count == 2
