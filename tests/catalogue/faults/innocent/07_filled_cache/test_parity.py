from decimal import Decimal

import app
import asyncpg
import pytest


@pytest.fixture
def currencies(parity_db):
    parity_db.owner.execute(
        "INSERT INTO currencies VALUES ('EUR', 'Euro', 2), ('JPY', 'Yen', 0) "
        "ON CONFLICT (code) DO UPDATE SET digits = excluded.digits"
    )


@pytest.mark.prodparity
async def test_yen_have_no_cents(parity_db, currencies):
    async with asyncpg.create_pool(parity_db.dsn, min_size=1, max_size=2, timeout=2, command_timeout=2) as pool:
        assert await app.display(pool, Decimal("1200"), "JPY") == "1200 JPY"
        assert await app.display(pool, Decimal("12"), "EUR") == "12.00 EUR"
        assert await app.display(pool, Decimal("8"), "EUR") == "8.00 EUR"
