from types import SimpleNamespace
from unittest.mock import AsyncMock, MagicMock

import app
import pytest


@pytest.mark.asyncio
@pytest.mark.parametrize("rowcount", [0, 1])
async def test_escalate(rowcount):
    session = AsyncMock()
    session.begin = MagicMock()
    session.begin.return_value.__aexit__.return_value = False
    session.__aenter__.return_value = session
    session.__aexit__.return_value = False
    session.execute.return_value = SimpleNamespace(rowcount=rowcount)
    assert await app.escalate(MagicMock(return_value=session), 3) is bool(rowcount)
    assert session.execute.await_count == 2
