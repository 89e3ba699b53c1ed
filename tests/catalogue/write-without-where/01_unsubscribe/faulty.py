"""Bulk actions on customers."""

from collections.abc import Collection

from sqlalchemy import BigInteger, Boolean, Column, Text
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()


class Customer(Base):
    __tablename__ = "customers"

    id = Column(BigInteger, primary_key=True)
    tenant_id = Column(BigInteger, nullable=False)
    email = Column(Text, nullable=False)
    name = Column(Text, nullable=False)
    newsletter = Column(Boolean, nullable=False)


def unsubscribe(session: Session, tenant_id: int, emails: Collection[str]) -> None:
    """Take these addresses off the tenant's newsletter."""
    query = session.query(Customer)
    query.filter(Customer.tenant_id == tenant_id, Customer.email.in_(emails))
    query.update({"newsletter": False}, synchronize_session=False)  # <- here
    session.commit()
