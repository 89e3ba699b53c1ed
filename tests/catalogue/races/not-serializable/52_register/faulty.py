"""Registers customers of a shop."""

from __future__ import annotations

from sqlalchemy import BigInteger, Engine, Text, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)


class EmailTaken(Exception):
    pass


def register(engine: Engine, tenant_id: int, email: str, name: str) -> int:
    """The new customer's id; raises EmailTaken, which the view shows next to the field."""
    email = email.strip().lower()
    with Session(engine) as session:
        taken = session.scalar(select(Customer.id).where(Customer.tenant_id == tenant_id, Customer.email == email))
        if taken:
            raise EmailTaken(email)
        customer = Customer(tenant_id=tenant_id, email=email, name=name)
        session.add(customer)
        session.commit()
        return customer.id
