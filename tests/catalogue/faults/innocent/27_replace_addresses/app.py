from __future__ import annotations

from sqlalchemy import BigInteger, String, Text, delete, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Address(Base):
    __tablename__ = "addresses"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    street: Mapped[str] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    postcode: Mapped[str] = mapped_column(String(12))
    country: Mapped[str] = mapped_column(String(2))


def replace_addresses(session: Session, customer_id: int, addresses: list[dict[str, str]]) -> None:
    """The caller's list is what is stored afterwards. Commits."""
    with session.begin():
        session.execute(delete(Address).where(Address.customer_id == customer_id))
        if addresses:
            session.execute(insert(Address), [{"customer_id": customer_id, **address} for address in addresses])
