"""Prices, changed by percents. The version of a product is the time of its last change."""

from __future__ import annotations

import uuid
from decimal import Decimal

from sqlalchemy import BigInteger, Engine, Numeric
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    description: Mapped[str]
    __mapper_args__ = {"version_id_col": description, "version_id_generator": lambda _: uuid.uuid4().hex}


def raise_price(engine: Engine, product_id: int, by: Decimal) -> Decimal:
    while True:
        with Session(engine) as session:
            product = session.get_one(Product, product_id)
            price = product.price + by
            product.price = price
            try:
                session.commit()
            except StaleDataError:
                continue
            return price
