from unittest.mock import AsyncMock, patch

import app
import pytest


@pytest.mark.asyncio
async def test_all_suppliers_count():
    with patch.object(app, "ask", AsyncMock(side_effect=[("north", 3), ("south", 4)])):
        found = await app.availability({"north": "http://n", "south": "http://s"}, "M-1")
    assert found.total == 7
    assert found.pieces == {"north": 3, "south": 4}
