"""May this customer be deleted? Only without orders and tickets on record."""

from sqlalchemy import BigInteger, ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    email: Mapped[str]


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))


class LoginSession(Base):
    __tablename__ = "sessions"

    token: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))


async def may_delete(session: AsyncSession, customer_id: int) -> bool:
    ordered = select(Order.id).where(Order.customer_id == customer_id).exists()
    online = select(LoginSession.token).where(LoginSession.customer_id == customer_id).exists()
    return not await session.scalar(select(ordered | online))
