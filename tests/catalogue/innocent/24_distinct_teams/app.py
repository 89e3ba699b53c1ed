"""Teams and roots of the staff directory."""

from sqlalchemy import BigInteger, ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Employee(Base):
    __tablename__ = "employees"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str]
    team: Mapped[str]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))
    manager: Mapped["Employee | None"] = relationship(remote_side=[id], lazy="raise")


def teams(session: Session) -> list[str]:
    return list(session.scalars(select(Employee.team).distinct().order_by(Employee.team)))


def managers(session: Session) -> set[str]:
    """Names of everybody to whom somebody reports."""
    boss = select(Employee.manager_id).where(Employee.manager_id.is_not(None)).distinct()
    return set(session.scalars(select(Employee.name).where(Employee.id.in_(boss))))
