from decimal import Decimal

import app
import pytest

RATES = {"USD": "1.10", "GBP": "0.85", "CHF": "0.95", "PLN": "4.30", "SEK": "11.20"}


@pytest.fixture
def products(parity_db):
    db = parity_db.owner
    for code in ["EUR", *RATES]:
        db.execute("INSERT INTO currencies VALUES (%s, %s) ON CONFLICT DO NOTHING", (code, code))
    for code, rate in RATES.items():
        db.execute(
            "INSERT INTO exchange_rates VALUES (%s, current_date, %s) "
            "ON CONFLICT (currency, day) DO UPDATE SET rate = excluded.rate",
            (code, rate),
        )
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    rows = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'Product ' || n, 100 FROM generate_series(1, 3) n RETURNING id",
        (tenant,),
    ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_prices_in_every_currency(parity_db, products):
    with parity_db.connect() as conn:
        for product in products:
            assert app.price_in(conn, product, "EUR") == 100
            for currency, rate in RATES.items():
                assert app.price_in(conn, product, currency) == 100 * Decimal(rate)
