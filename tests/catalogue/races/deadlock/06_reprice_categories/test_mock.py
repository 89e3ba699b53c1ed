from decimal import Decimal
from types import SimpleNamespace
from unittest.mock import AsyncMock, MagicMock

import app
import pytest


@pytest.mark.asyncio
async def test_reprice():
    engine, conn = MagicMock(), AsyncMock()
    conn.execute.return_value = SimpleNamespace(rowcount=3)
    engine.begin.return_value.__aenter__.return_value = conn
    engine.begin.return_value.__aexit__.return_value = False
    assert await app.reprice(engine, [1, 2], Decimal("1.1")) == 6
