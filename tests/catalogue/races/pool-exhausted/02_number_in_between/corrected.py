"""Orders, with numbers from a counter that must not wait for the order."""

from __future__ import annotations

from sqlalchemy import BigInteger, Engine, Identity, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[str]


def next_number(engine: Engine, tenant_id: int) -> str:
    """The counter is in `seats`; gaps do no harm."""
    with engine.begin() as conn:
        query = text("UPDATE tenants SET seats = seats + 1 WHERE id = :id RETURNING seats")
        return f"T{tenant_id}-{conn.execute(query, {'id': tenant_id}).scalar_one():06}"


def place(engine: Engine, customer_id: int) -> None:
    with Session(engine) as session:
        tenant_id = session.get_one(Customer, customer_id).tenant_id
    number = next_number(engine, tenant_id)
    with Session(engine) as session:
        session.add(Order(tenant_id=tenant_id, customer_id=customer_id, number=number))
        session.commit()
