"""Applies a discount to whole categories, several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from sqlalchemy import BigInteger, Integer, Numeric, func, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    category_id: Mapped[int | None] = mapped_column(Integer)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))


def _discount_one(factory: sessionmaker[Session], category_id: int, factor: Decimal) -> int:
    with factory.begin() as session:
        result = session.execute(
            update(Product)
            .where(Product.category_id == category_id)
            .values(price=func.round(Product.price * factor, 2))
            .execution_options(synchronize_session=False)
        )
        return result.rowcount


def discount(factory: sessionmaker[Session], categories: list[int], percent: int, workers: int = 2) -> None:
    """Lower all prices of `categories` by `percent`; each category is independent of the others."""
    if not 0 < percent < 100:
        raise ValueError(f"{percent} % is no discount")
    factor = Decimal(100 - percent) / 100
    with ThreadPoolExecutor(workers) as pool:
        for category_id in categories:
            pool.submit(_discount_one, factory, category_id, factor)
