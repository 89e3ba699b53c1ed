from decimal import Decimal
from unittest.mock import AsyncMock, patch

import app
import pytest
from sqlalchemy.exc import DBAPIError


class Deadlock(Exception):
    sqlstate = "40P01"


@pytest.mark.asyncio
async def test_a_deadlock_is_tried_again():
    side_effect = [DBAPIError("INSERT", {}, Deadlock()), 7]
    with patch.object(app, "_place", AsyncMock(side_effect=side_effect)) as place:
        assert await app.place(AsyncMock(), 1, "X-1", Decimal(5)) == 7
    assert place.await_count == 2
