from datetime import date
from decimal import Decimal

import app
import pytest

DAY = date(2001, 2, 28)


@pytest.fixture
def dollar(parity_db):
    parity_db.owner.execute("INSERT INTO currencies VALUES ('USD', 'Dollar') ON CONFLICT DO NOTHING")


@pytest.mark.prodparity(faults="tolerate")
def test_the_last_rate_counts(parity_db, dollar):
    app.set_rate("USD", DAY, Decimal("1.05"))
    app.set_rate("USD", DAY, Decimal("1.08"))
    query = "SELECT rate FROM exchange_rates WHERE currency = 'USD' AND day = %s"
    assert parity_db.owner.execute(query, (DAY,)).fetchall() == [(Decimal("1.08"),)]
