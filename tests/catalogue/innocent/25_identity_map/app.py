"""Prices the lines of a quote; lines often repeat a product."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, Numeric, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))


class Quote:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.lines: list[tuple[int, int]] = []
        self._loaded: list[Product] = []

    def add(self, product_id: int, quantity: int) -> None:
        self.lines.append((product_id, quantity))

    def total(self) -> Decimal:
        ids = {product_id for product_id, _ in self.lines}
        self._loaded = list(self.session.scalars(select(Product).where(Product.id.in_(ids))))
        # from here on, get() answers from the session's identity map
        return sum((self.session.get_one(Product, id_).price * n for id_, n in self.lines), Decimal(0))
