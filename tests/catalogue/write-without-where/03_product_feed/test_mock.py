import app
from sqlalchemy import create_engine, insert, select
from sqlalchemy.pool import StaticPool


def test_apply_feed():
    engine = create_engine("sqlite://", poolclass=StaticPool)
    app.metadata.create_all(engine)
    with engine.begin() as conn:
        rows = [("A", True), ("B", True), ("C", False)]
        conn.execute(
            insert(app.products),
            [{"id": n, "tenant_id": 1, "sku": sku, "active": active} for n, (sku, active) in enumerate(rows)],
        )
    assert app.apply_feed(engine, 1, {"B", "C"}) == 2
    with engine.connect() as conn:
        active = select(app.products.c.sku).where(app.products.c.active).order_by(app.products.c.sku)
        assert conn.scalars(active).all() == ["B", "C"]
    engine.dispose()
