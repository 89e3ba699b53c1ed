from decimal import Decimal
from unittest.mock import AsyncMock, MagicMock, patch

import app
import pytest


def test_seal_depends_on_the_amount():
    assert app.seal("I-1", "5.00", rounds=1) == app.seal("I-1", "5.00", rounds=1)
    assert app.seal("I-1", "5.00", rounds=1) != app.seal("I-1", "5.01", rounds=1)


@pytest.mark.asyncio
async def test_seal_is_stored():
    conn = MagicMock()
    conn.fetchrow = AsyncMock(return_value={"order_id": 4, "number": "I-1", "amount": Decimal(5)})
    conn.execute = AsyncMock()
    with patch.object(app, "seal", return_value="abc"):
        assert await app.seal_invoice(conn, 1) == "abc"
    assert conn.execute.await_args.args[1:] == (4, "seal abc")
