"""Takes over a tenant's product feed: what is not in the feed is no longer sold."""

from sqlalchemy import BigInteger, Boolean, Column, Engine, MetaData, Table, Text, func, select, update

metadata = MetaData()
products = Table(
    "products",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("tenant_id", BigInteger),
    Column("sku", Text),
    Column("active", Boolean),
)


def apply_feed(engine: Engine, tenant_id: int, skus: set[str]) -> int:
    """Activate exactly the products of the feed; returns how many the tenant sells now."""
    own = products.c.tenant_id == tenant_id
    with engine.begin() as conn:
        gone = own & products.c.active & products.c.sku.not_in(skus)
        back = own & ~products.c.active & products.c.sku.in_(skus)
        conn.execute(update(products).where(gone).values(active=False))
        conn.execute(update(products).where(back).values(active=True))
        return conn.scalar(select(func.count()).select_from(products).where(own, products.c.active))
