import datetime as dt
from decimal import Decimal

import app
from sqlalchemy import create_engine, insert
from sqlalchemy.pool import StaticPool


def test_export(tmp_path):
    engine = create_engine("sqlite://", poolclass=StaticPool)
    app.metadata.create_all(engine)
    with engine.begin() as conn:
        invoice = {"tenant_id": 1, "amount": Decimal("10.5"), "due_on": dt.date(2024, 1, 31)}
        conn.execute(insert(app.invoices), [{"id": n, "number": f"I-{n}", **invoice} for n in (1, 2)])
    assert app.export(engine, tmp_path / "out.csv") == 2
    engine.dispose()
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "tenant,number,amount,due,paid",
        "1,I-1,10.50,2024-01-31,no",
        "1,I-2,10.50,2024-01-31,no",
    ]
