"""Categories by name."""

from __future__ import annotations

from sqlalchemy import Engine, Identity, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Category(Base):
    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    slug: Mapped[str]


def get_or_create(engine: Engine, name: str) -> str:
    """The slug of a category, which may be new."""
    slug = "-".join(name.lower().split())
    with Session(engine) as session:
        query = select(Category).where(Category.slug == slug)
        category = session.scalars(query).one_or_none()
        if category is None:
            try:
                with session.begin_nested():
                    category = Category(name=name, slug=slug)
                    session.add(category)
            except IntegrityError:
                category = session.scalars(query).one()
        found = category.slug
        session.commit()
        return found
