"""Who was here last: the widget on the back office's start page."""

import datetime as dt

from sqlalchemy import BigInteger, DateTime, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    last_seen: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


async def recently_seen(session: AsyncSession, limit: int = 20) -> list[Customer]:
    """Return the customers that were online most recently, newest first."""
    stmt = select(Customer).where(Customer.last_seen.is_not(None)).order_by(Customer.last_seen.desc()).limit(limit)
    result = await session.scalars(stmt)  # <- here
    return list(result)


async def widget(session: AsyncSession) -> list[dict[str, str]]:
    customers = await recently_seen(session, limit=5)
    return [{"name": c.name, "seen": c.last_seen.isoformat(timespec="minutes")} for c in customers]
