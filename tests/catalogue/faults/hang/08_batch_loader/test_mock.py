from unittest.mock import AsyncMock, MagicMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_one_query_for_many():
    loader = app.ProductNames(MagicMock())
    with patch.object(loader, "_fetch", AsyncMock(return_value={1: "Mug", 2: "Cup"})) as fetch:
        assert await loader.load_many([1, 2, 3]) == ["Mug", "Cup", None]
    fetch.assert_awaited_once_with([1, 2, 3])
