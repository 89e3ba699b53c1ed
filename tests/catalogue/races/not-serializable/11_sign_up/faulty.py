"""Sign-up of new customers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Engine, Identity, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    email: Mapped[str]
    name: Mapped[str]


class EmailTaken(Exception):
    """Somebody has signed up with that address."""


def sign_up(engine: Engine, tenant_id: int, email: str, name: str) -> None:
    with Session(engine) as session:
        taken = select(Customer.id).where(Customer.tenant_id == tenant_id, Customer.email == email)
        if session.scalar(taken) is not None:
            raise EmailTaken(email)
        session.add(Customer(tenant_id=tenant_id, email=email, name=name))
        session.commit()
