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


def unsubscribe(session: Session, emails: Collection[str], tenant_id: int) -> int:
    """Take these addresses off the newsletter; returns how many were on it."""
    query = session.query(Customer).filter(Customer.newsletter.is_(True))
    if emails:
        query.filter(Customer.tenant_id == tenant_id, Customer.email.in_(emails))
    count = (
        session.query(Customer)
        .filter(Customer.tenant_id == tenant_id, Customer.email.in_(emails), Customer.newsletter.is_(True))
        .count()
    )
    session.query(Customer).update({"newsletter": False}, synchronize_session=False)  # <- here
    session.commit()
    return count
