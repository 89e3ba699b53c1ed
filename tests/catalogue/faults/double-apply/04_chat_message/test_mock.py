from unittest.mock import AsyncMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_sent_at_the_second_attempt():
    chat = app.Chat("postgresql:///x", "ann")
    with patch.object(chat, "_insert", AsyncMock(side_effect=[OSError("gone"), None])) as insert:
        assert await chat.send(3, " Hello ") == "delivered"
    assert insert.await_count == 2
    assert insert.await_args.args[:3] == (3, "ann", "Hello")


@pytest.mark.asyncio
async def test_failed():
    chat = app.Chat("postgresql:///x", "ann", attempts=2)
    with patch.object(chat, "_insert", AsyncMock(side_effect=OSError("gone"))):
        assert await chat.send(3, "Hello") == "failed"
        assert await chat.send(3, "  ") == "empty"
