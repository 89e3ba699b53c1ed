from unittest.mock import AsyncMock, MagicMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_refresh():
    with patch.object(app, "_store", AsyncMock(return_value=2)):
        assert await app.refresh(MagicMock(), "acme", [("A", 5), ("B", 10)]) == 2
        assert await app.refresh(MagicMock(), "acme", []) == 2


@pytest.mark.asyncio
async def test_busy(monkeypatch):
    monkeypatch.setattr(app, "running", {"acme"})
    with pytest.raises(app.Busy):
        await app.refresh(MagicMock(), "acme", [])
