from unittest.mock import AsyncMock, MagicMock

import app
import pytest


def test_summarize():
    assert app.summarize("Late", ["kim", "ann", "kim"]) == "Late (ann x1, kim x2)"


@pytest.mark.asyncio
async def test_no_tickets():
    session = AsyncMock()
    session.scalars.return_value = MagicMock(all=lambda: [])
    assert await app.digest(session, 1) == []
