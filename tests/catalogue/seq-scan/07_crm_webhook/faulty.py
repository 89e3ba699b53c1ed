"""Receives contact updates from the CRM, which knows customers by its own id."""

from typing import Any

from sqlalchemy import BigInteger, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB)


class UnknownContact(LookupError):
    pass


def by_crm_id(session: Session, crm_id: str) -> Customer:
    stmt = select(Customer).where(Customer.profile["crm_id"].astext == crm_id)
    customer = session.scalars(stmt).first()  # <- here
    if customer is None:
        raise UnknownContact(crm_id)
    return customer


def handle(session: Session, event: dict[str, Any]) -> int:
    """Apply one `contact.updated` event; returns the id of our customer."""
    customer = by_crm_id(session, event["contact"]["id"])
    customer.name = event["contact"]["name"]
    customer.phone = event["contact"].get("phone", customer.phone)
    session.commit()
    return customer.id
