"""A customer's own page: the name and the newsletter are saved by two forms."""

from __future__ import annotations

from sqlalchemy import BigInteger, Engine, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    newsletter: Mapped[bool]


def rename(engine: Engine, customer_id: int, name: str) -> None:
    with Session(engine) as session:
        session.get_one(Customer, customer_id).name = name.strip()
        session.commit()


def subscribe(engine: Engine, customer_id: int) -> None:
    with Session(engine) as session:
        session.get_one(Customer, customer_id).newsletter = True
        session.commit()
