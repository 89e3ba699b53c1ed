from datetime import date
from decimal import Decimal

import app
import pytest

DAY = date(2026, 12, 1)


@pytest.mark.prodparity
def test_two_feeds(parity_db, parity_race):
    parity_db.owner.execute("INSERT INTO currencies VALUES ('USD', 'US dollar') ON CONFLICT DO NOTHING")
    parity_race(
        lambda: app.store(parity_db.engine, "USD", DAY, Decimal("1.1")),
        lambda: app.store(parity_db.engine, "USD", DAY, Decimal("1.2")),
    )
