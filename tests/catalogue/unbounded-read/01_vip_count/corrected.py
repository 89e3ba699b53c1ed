"""Numbers for the marketing dashboard."""

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy import BigInteger, Column, Text

Base = declarative_base()


class Customer(Base):
    __tablename__ = "customers"

    id = Column(BigInteger, primary_key=True)
    tenant_id = Column(BigInteger)
    email = Column(Text)
    name = Column(Text)
    segment = Column(Text)


class Dashboard:
    def __init__(self, session: Session) -> None:
        self.session = session

    def segment_size(self, segment: str) -> int:
        """Number of customers in a segment."""
        return self.session.query(Customer).filter(Customer.segment == segment).count()

    def tiles(self) -> list[tuple[str, int]]:
        return [("VIPs", self.segment_size("vip"))]
