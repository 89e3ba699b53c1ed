"""Completes addresses with the help of a geocoder."""

from __future__ import annotations

from contextlib import contextmanager

import httpx
from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

TIMEOUT = None


class Base(DeclarativeBase):
    pass


class Address(Base):
    __tablename__ = "addresses"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    street: Mapped[str] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    postcode: Mapped[str] = mapped_column(String(12))


@contextmanager
def geocoder(base_url: str):
    with httpx.Client(base_url=base_url, timeout=TIMEOUT, headers={"User-Agent": "shop"}) as client:
        yield client


def lookup(client: httpx.Client, street: str, city: str) -> str | None:
    answer = client.get("/search", params={"street": street, "city": city})
    if answer.status_code == 404:
        return None
    answer.raise_for_status()
    return answer.json()["postcode"]


def complete(session: Session, client: httpx.Client, customer_id: int) -> list[int]:
    """Fill in missing postcodes; returns the addresses that were changed."""
    with session.begin():
        open_ones = session.scalars(
            select(Address).where(Address.customer_id == customer_id, Address.postcode == "")
        ).all()
        wanted = [(address.id, address.street, address.city) for address in open_ones]
    found = {address_id: lookup(client, street, city) for address_id, street, city in wanted}
    with session.begin():
        for address_id, postcode in found.items():
            if postcode:
                session.get_one(Address, address_id).postcode = postcode
    return [address_id for address_id, postcode in found.items() if postcode]
