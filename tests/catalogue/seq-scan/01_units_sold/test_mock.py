from decimal import Decimal

import app
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session


@pytest.fixture
def session():
    engine = create_engine("sqlite://")
    app.Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session


@pytest.mark.parametrize(("sold", "badge"), [(3, None), (12, "popular"), (250, "bestseller")])
def test_badge(session, sold, badge):
    session.add(app.OrderItem(id=1, order_id=1, product_id=7, quantity=sold, price=Decimal(5)))
    session.add(app.OrderItem(id=2, order_id=1, product_id=8, quantity=999, price=Decimal(5)))
    session.flush()
    assert app.units_sold(session, 7) == sold
    assert app.badge(session, 7) == badge
