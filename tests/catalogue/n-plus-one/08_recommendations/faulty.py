"""Turns the recommender's ids into product cards."""

import os
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import BigInteger, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

engine = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"))
SessionLocal = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str]
    price: Mapped[Decimal]
    currency: Mapped[str]
    active: Mapped[bool]


class Card(NamedTuple):
    id: int
    title: str
    price: str


def load(session, ids: list[int]) -> list[Product]:
    """Load products in the order in which they are recommended, without the vanished ones."""
    products = []
    for product_id in ids:
        product = session.get(Product, product_id)  # <- here
        if product is not None:
            products.append(product)
    return products


def cards(ids: list[int]) -> list[Card]:
    with SessionLocal() as session:
        return [Card(p.id, p.name.title(), f"{p.price} {p.currency}") for p in load(session, ids) if p.active]
