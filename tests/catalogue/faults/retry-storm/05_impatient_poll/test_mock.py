from unittest.mock import AsyncMock, MagicMock

import app
import pytest


@pytest.mark.asyncio
async def test_fetch_waits():
    def answer(status):
        context = MagicMock()
        response = MagicMock(status=status, read=AsyncMock(return_value=b"%PDF"))
        context.__aenter__ = AsyncMock(return_value=response)
        context.__aexit__ = AsyncMock(return_value=False)
        return context

    session = MagicMock()
    session.get.side_effect = [answer(202), answer(200)]
    assert await app.Documents(session, "http://d").fetch("i-1") == b"%PDF"
    assert session.get.call_count == 2
