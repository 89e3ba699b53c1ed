from unittest.mock import AsyncMock, MagicMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_cookie():
    session = AsyncMock()
    with patch.object(app, "AsyncSession", return_value=session):
        assert await app.extend_session(MagicMock(), "t1", 5) == "sid=t1; Max-Age=300; HttpOnly"
    session.commit.assert_awaited_once()
    session.close.assert_awaited_once()
