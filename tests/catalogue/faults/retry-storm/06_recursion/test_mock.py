from unittest.mock import AsyncMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_second_attempt():
    with patch.object(app, "_query", AsyncMock(side_effect=[OSError("refused"), {"name": "North"}])):
        assert await app.warehouse_for("postgresql:///x", "DE") == "North"


@pytest.mark.asyncio
async def test_no_warehouse():
    with patch.object(app, "_query", AsyncMock(return_value=None)):
        assert await app.warehouse_for("postgresql:///x", "XX") is None
