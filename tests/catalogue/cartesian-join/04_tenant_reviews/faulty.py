import os
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    sku: Mapped[str]


class Review(Base):
    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    stars: Mapped[int]
    body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def latest_reviews(session: Session, tenant_id: int, limit: int = 10) -> list[Review]:
    """The tenant's latest reviews."""
    query = session.query(Review).filter(Product.tenant_id == tenant_id)
    query = query.order_by(Review.created_at.desc()).limit(limit)
    return query.all()  # <- here


def average(session: Session, tenant_id: int) -> float | None:
    """Mean stars of the tenant's latest reviews."""
    reviews = latest_reviews(session, tenant_id)
    return round(sum(r.stars for r in reviews) / len(reviews), 1) if reviews else None
