from unittest.mock import AsyncMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_visit():
    with patch.object(app, "_note", AsyncMock()) as note:
        assert app.visit("dbname=x", 4) == "Welcome back!"
        await app.shutdown()
    note.assert_awaited_once_with("dbname=x", 4)
