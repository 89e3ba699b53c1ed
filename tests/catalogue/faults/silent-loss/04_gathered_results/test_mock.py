from unittest.mock import AsyncMock, MagicMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_all_are_assigned():
    with patch.object(app, "assign", AsyncMock()) as assign:
        assert await app.hand_over(MagicMock(), [(1, 4), (2, 4)]) == {"assigned": 2}
    assert assign.await_count == 2
