from unittest.mock import AsyncMock, MagicMock

import app
import httpx
import pytest


@pytest.fixture
def client():
    client = MagicMock()
    client.post = client.put = AsyncMock()
    return client


@pytest.mark.asyncio
async def test_label(client):
    client.post.return_value = MagicMock(status_code=201, json=lambda: {"label": "^XA"})
    assert await app.Carrier(client).label("A-1", 900, "89073") == b"^XA"


@pytest.mark.asyncio
async def test_down(client):
    client.post.side_effect = httpx.ConnectError("refused")
    with pytest.raises(app.CarrierDown):
        await app.Carrier(client, attempts=2).label("A-1", 900, "89073")
    assert client.post.await_count == 2
