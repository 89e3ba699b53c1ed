from __future__ import annotations

import logging

from sqlalchemy import BigInteger, SmallInteger, Text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

logger = logging.getLogger(__name__)


class Base(DeclarativeBase):
    pass


class Review(Base):
    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    product_id: Mapped[int] = mapped_column(BigInteger)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    stars: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str] = mapped_column(Text)


class ReviewError(Exception):
    """What the controller shows."""


class ReviewService:
    def __init__(self, factory: sessionmaker[Session]) -> None:
        self.factory = factory

    def write(self, product_id: int, customer_id: int, stars: int, body: str = "") -> int:
        try:
            with self.factory.begin() as session:
                review = Review(product_id=product_id, customer_id=customer_id, stars=stars, body=body)
                session.add(review)
                session.flush()
                review_id = review.id
        except IntegrityError as error:
            logger.info("refused: %s", error.orig)
            raise ReviewError("one to five stars, please") from error
        except SQLAlchemyError as error:
            logger.exception("review of product %s was not stored", product_id)
            raise ReviewError("please try again later") from error
        return review_id
