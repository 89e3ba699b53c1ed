from unittest.mock import AsyncMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_login():
    conn = AsyncMock()
    conn.fetchval.return_value = 7
    with patch.object(app, "_connect", AsyncMock(return_value=conn)):
        token = await app.login("postgresql:///x", 1, "ann@x.org")
    assert conn.execute.await_args.args[1:] == (token, 7)


@pytest.mark.asyncio
async def test_unknown():
    conn = AsyncMock()
    conn.fetchval.return_value = None
    with patch.object(app, "_connect", AsyncMock(return_value=conn)), pytest.raises(app.UnknownCustomer):
        await app.login("postgresql:///x", 1, "ann@x.org")
    conn.close.assert_awaited()
