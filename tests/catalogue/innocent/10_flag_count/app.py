"""How many feature flags are on; part of the health check."""

import os

from sqlalchemy import Boolean, Column, MetaData, SmallInteger, Table, Text, create_engine, func, select

engine = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"))
metadata = MetaData()
flags = Table(
    "feature_flags",
    metadata,
    Column("name", Text, primary_key=True),
    Column("enabled", Boolean),
    Column("percentage", SmallInteger),
)


def health() -> dict[str, object]:
    with engine.connect() as conn:
        total = conn.scalar(select(func.count()).select_from(flags))
        enabled = conn.scalar(select(func.count()).select_from(flags).where(flags.c.enabled))
        partial = conn.scalars(select(flags.c.name).where(flags.c.percentage.between(1, 99))).all()
    return {"flags": total, "enabled": enabled, "partial": partial}
