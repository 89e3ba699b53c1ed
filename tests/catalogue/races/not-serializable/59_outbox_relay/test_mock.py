from unittest.mock import AsyncMock, MagicMock

import app


async def test_mails_are_delivered():
    engine, conn = MagicMock(), AsyncMock()
    engine.begin.return_value.__aenter__.return_value = conn
    result = MagicMock()
    result.scalars.return_value = [4, 5]
    conn.execute.return_value = result
    assert await app.relay(engine, 1, "acme.example") == 2
    assert conn.execute.await_args.args == (app.SENT, {"ids": [4, 5]})
