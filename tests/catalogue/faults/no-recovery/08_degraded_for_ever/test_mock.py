from unittest.mock import AsyncMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_rated_first():
    with patch.object(app, "_fetch", AsyncMock(return_value=[3, 1])):
        assert await app.best_rated([1, 2, 3], limit=5) == [3, 1, 2]


@pytest.mark.asyncio
async def test_without_ratings(monkeypatch):
    monkeypatch.setattr(app, "ratings_available", True, raising=False)
    with patch.object(app, "_fetch", AsyncMock(side_effect=OSError("refused"))):
        assert await app.best_rated([1, 2, 3], limit=2) == [1, 2]
