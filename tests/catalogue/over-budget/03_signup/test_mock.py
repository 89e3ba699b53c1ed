from unittest.mock import AsyncMock

import app
import pytest


@pytest.mark.asyncio
async def test_unknown_shop():
    conn = AsyncMock()
    conn.fetchval.return_value = None
    conn.fetchrow.return_value = None
    with pytest.raises(app.SignupError, match="unknown shop"):
        await app.signup(conn, 99, "ann@x.org", "Ann", "DE")
    conn.execute.assert_not_awaited()
