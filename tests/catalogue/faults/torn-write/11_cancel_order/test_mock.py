from unittest.mock import AsyncMock, MagicMock, patch

import app
import pytest


@pytest.mark.asyncio
@pytest.mark.parametrize("rowcount", [1, 0])
async def test_cancel(rowcount):
    conn = MagicMock(execute=AsyncMock(return_value=MagicMock(rowcount=rowcount)))
    conn.__aenter__ = AsyncMock(return_value=conn)
    conn.__aexit__ = AsyncMock(return_value=False)
    conn.transaction.return_value.__aexit__ = AsyncMock(return_value=False)
    with patch.object(app.psycopg.AsyncConnection, "connect", AsyncMock(return_value=conn)):
        if rowcount:
            await app.cancel("dbname=x", 4, 1)
        else:
            with pytest.raises(app.TooLate):
                await app.cancel("dbname=x", 4, 1)
    assert conn.execute.await_count == 2
