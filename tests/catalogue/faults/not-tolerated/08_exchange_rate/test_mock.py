from decimal import Decimal
from unittest.mock import AsyncMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_a_busy_bank():
    with patch.object(app, "_rate", AsyncMock(side_effect=[(503, ""), (200, "1.5")])):
        with patch.object(app.asyncio, "sleep", AsyncMock()):
            assert await app.convert("http://bank", Decimal(10), "USD") == Decimal("15.00")


@pytest.mark.asyncio
async def test_unknown_currency():
    with patch.object(app, "_rate", AsyncMock(return_value=(404, ""))), pytest.raises(app.NoRate):
        await app.convert("http://bank", Decimal(10), "XXX")
