from unittest.mock import AsyncMock, MagicMock, patch

import aiohttp
import app
import pytest


@pytest.mark.asyncio
async def test_direct():
    with patch.object(app, "_post", AsyncMock()) as post, patch.object(app, "_enqueue", AsyncMock()) as enqueue:
        await app.notify(MagicMock(), MagicMock(), "http://p/hook", "A-1")
    assert post.await_args.args[2]["order"] == "A-1"
    enqueue.assert_not_awaited()


@pytest.mark.asyncio
async def test_queued_when_the_partner_is_down():
    with (
        patch.object(app, "_post", AsyncMock(side_effect=aiohttp.ClientError())),
        patch.object(app, "_enqueue", AsyncMock()) as enqueue,
    ):
        await app.notify(MagicMock(), MagicMock(), "http://p/hook", "A-1")
    enqueue.assert_awaited_once()
