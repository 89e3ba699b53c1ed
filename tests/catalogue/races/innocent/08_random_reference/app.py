"""Payments at the counter."""

from __future__ import annotations

import uuid
from decimal import Decimal

from sqlalchemy import BigInteger, Identity, Numeric, String
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Payment(Base):
    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(BigInteger)
    provider: Mapped[str]
    provider_ref: Mapped[str] = mapped_column(String(40))
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))


async def pay(engine: AsyncEngine, order_id: int, amount: Decimal) -> str:
    """Note a payment; returns the reference on the receipt."""
    async with AsyncSession(engine, expire_on_commit=False) as session:
        payment = Payment(order_id=order_id, provider="cash", provider_ref=str(uuid.uuid4()), amount=amount)
        session.add(payment)
        await session.commit()
        return payment.provider_ref
