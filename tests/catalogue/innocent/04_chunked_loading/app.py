"""Loads products for a list of ids from the search engine, in chunks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import BigInteger, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

CHUNK = 100


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sku: Mapped[str]
    name: Mapped[str]


def chunks(ids: Sequence[int], size: int = CHUNK) -> Iterator[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, size)):
        yield chunk


def load(session: Session, ids: Sequence[int]) -> dict[int, Product]:
    products: dict[int, Product] = {}
    for chunk in chunks(ids):
        found = session.scalars(select(Product).where(Product.id.in_(chunk)))
        products.update((product.id, product) for product in found)
    return products
