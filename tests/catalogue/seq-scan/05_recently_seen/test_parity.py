import app
import pytest
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine


@pytest.fixture
def tenant(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO customers (tenant_id, email, name, last_seen) VALUES "
        "(%(t)s, 'ann@acme.example', 'Ann', now() + interval '1 minute'), "
        "(%(t)s, 'bob@acme.example', 'Bob', now() + interval '2 minutes'), (%(t)s, 'eve@acme.example', 'Eve', NULL)",
        {"t": tenant},
    )
    return tenant


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_newest_first(parity_db, tenant):
    engine = create_async_engine(parity_db.async_url)
    try:
        async with AsyncSession(engine) as session:
            rows = await app.widget(session)
    finally:
        await engine.dispose()
    assert [row["name"] for row in rows[:2]] == ["Bob", "Ann"]
