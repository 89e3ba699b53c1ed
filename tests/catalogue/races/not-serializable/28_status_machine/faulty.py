"""What happens to an order."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, func, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    status: Mapped[str]
    shipped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WrongStatus(Exception):
    pass


async def _move(engine: AsyncEngine, order_id: int, status: str, **more: object) -> None:
    async with AsyncSession(engine) as session:
        order = await session.get(Order, order_id)
        if order is None or order.status != "pending":
            raise WrongStatus(order_id)
        await session.execute(update(Order).where(Order.id == order_id).values(status=status, **more))
        await session.commit()


async def ship(engine: AsyncEngine, order_id: int) -> None:
    await _move(engine, order_id, "shipped", shipped_at=func.now())


async def cancel(engine: AsyncEngine, order_id: int) -> None:
    await _move(engine, order_id, "cancelled")
