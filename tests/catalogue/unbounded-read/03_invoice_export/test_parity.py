import app
import pytest


@pytest.fixture
def invoices(parity_db):
    parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number)
            SELECT tenant_id, id, 'ACME-' || n FROM customer, generate_series(1, 3) n RETURNING *
        )
        INSERT INTO invoices (tenant_id, order_id, number, amount, due_on)
        SELECT tenant_id, id, 'I-' || number, 19.9, '2024-02-29' FROM placed
    """)


@pytest.mark.prodparity
def test_every_invoice_is_exported(parity_db, invoices, tmp_path):
    count = app.export(parity_db.engine, tmp_path / "invoices.csv")
    lines = (tmp_path / "invoices.csv").read_text().splitlines()
    assert len(lines) == count + 1
    assert sum(",19.90,2024-02-29,no" in line and "I-ACME-" in line for line in lines) == 3
