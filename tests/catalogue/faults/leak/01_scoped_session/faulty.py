"""Tags of the support desk. The session lives as long as its thread."""

from __future__ import annotations

import os

from sqlalchemy import BigInteger, Text, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

engine = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"), pool_pre_ping=True)
Session = scoped_session(sessionmaker(engine))


class Base(DeclarativeBase):
    pass


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text)


def _clean(name: str) -> str:
    return "-".join(name.lower().split())


def tag(tenant_id: int, name: str) -> int:
    """The id of a tag, which is made if it is new."""
    session = Session()
    found = session.scalar(select(Tag).where(Tag.tenant_id == tenant_id, Tag.name == _clean(name)))
    if found is None:
        found = Tag(tenant_id=tenant_id, name=_clean(name))
        session.add(found)
    session.commit()
    return found.id
