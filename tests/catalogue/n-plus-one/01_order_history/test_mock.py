from datetime import datetime
from decimal import Decimal

import app
from sqlalchemy import create_engine
from sqlalchemy.orm import Session


def test_history():
    engine = create_engine("sqlite://")
    app.Base.metadata.create_all(engine)
    with Session(engine) as session:
        for n in (1, 2):
            order = app.Order(
                id=n, tenant_id=1, customer_id=7, number=f"O-{n}", status="paid", placed_at=datetime(2024, 1, n)
            )
            order.items = [app.OrderItem(product_id=1, quantity=n, price=Decimal(10))]
            session.add(order)
        session.flush()
        session.expire_all()
        assert app.history(session, 7) == [
            {"number": "O-2", "status": "paid", "total": Decimal(20)},
            {"number": "O-1", "status": "paid", "total": Decimal(10)},
        ]
