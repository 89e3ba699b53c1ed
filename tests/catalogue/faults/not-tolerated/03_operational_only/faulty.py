"""Renames products."""

from __future__ import annotations

import os
import time

from sqlalchemy import BigInteger, Text, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine(
    os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"),
    pool_size=2,
    pool_pre_ping=True,
    connect_args={"connect_timeout": 2, "tcp_user_timeout": 2000},
)


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sku: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)


def _rename(product_id: int, name: str) -> str:
    with Session(engine) as session, session.begin():
        product = session.get_one(Product, product_id, with_for_update=True)
        product.name = name
        return product.sku


def rename(product_id: int, name: str) -> str:
    """Returns the product's SKU."""
    for pause in (0.1, 0.3, 0.9):
        try:
            return _rename(product_id, name)
        except OperationalError:
            time.sleep(pause)
    return _rename(product_id, name)
