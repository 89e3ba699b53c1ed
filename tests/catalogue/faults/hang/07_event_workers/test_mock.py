from unittest.mock import AsyncMock, MagicMock

import app
import pytest


@pytest.mark.asyncio
async def test_write():
    pool = MagicMock(execute=AsyncMock())
    await app.Writer(pool, 3).write([app.Event("order", n, "paid", {}) for n in range(5)])
    assert sorted(call.args[3] for call in pool.execute.await_args_list) == [0, 1, 2, 3, 4]
