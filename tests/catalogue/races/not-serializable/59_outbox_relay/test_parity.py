import app
import pytest


@pytest.fixture
def tenant(parity_db):
    parity_db.owner.execute("""
        INSERT INTO emails (recipient, subject, body) VALUES
        ('ann@acme.example', 'Hello', '…'), ('bob@acme.example', 'Hello', '…')
    """)
    tenant = parity_db.owner.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()
    return tenant[0]


@pytest.mark.prodparity
async def test_two_relays(parity_db, parity_race, tenant):
    engine = app.make_engine()
    try:
        await parity_race(
            lambda: app.relay(engine, tenant, "acme.example"), lambda: app.relay(engine, tenant, "acme.example")
        )
    finally:
        await engine.dispose()
