"""Review moderation list with page tokens, as our REST guidelines ask for."""

import base64
import os

from sqlalchemy import BigInteger, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"))


class Base(DeclarativeBase):
    pass


class Review(Base):
    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    stars: Mapped[int]
    body: Mapped[str]
    approved: Mapped[bool]


def encode(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def decode(token: str | None) -> int:
    return int(base64.urlsafe_b64decode(token)) if token else 0


def list_reviews(token: str | None = None, size: int = 50) -> tuple[list[Review], str | None]:
    """One page of reviews by id, and the token of the next page unless this is the last."""
    start = decode(token)
    with Session(engine) as session:
        query = select(Review).order_by(Review.id).offset(start).limit(size)
        reviews = list(session.scalars(query))  # <- here
    following = encode(start + size) if len(reviews) == size else None
    return reviews, following
