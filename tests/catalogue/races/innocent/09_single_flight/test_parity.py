from decimal import Decimal

import app
import asyncpg
import pytest
import pytest_asyncio


@pytest_asyncio.fixture
async def pool(parity_db):
    async with asyncpg.create_pool(parity_db.dsn, min_size=2, max_size=4) as pool:
        yield pool


@pytest.mark.prodparity
async def test_two_prices(pool, parity_db, parity_race):
    parity_db.owner.execute(
        "INSERT INTO countries VALUES ('DE', 'Germany', 'EU', 19), ('AT', 'Austria', 'EU', 20) "
        "ON CONFLICT (code) DO UPDATE SET vat = EXCLUDED.vat"
    )
    vat = app.Vat(pool)
    await parity_race(lambda: vat.gross(Decimal(10), "DE"), lambda: vat.gross(Decimal(10), "AT"))
