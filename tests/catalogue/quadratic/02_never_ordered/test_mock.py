import app
from sqlalchemy import create_engine, insert


def test_never_ordered():
    engine = create_engine("sqlite://")
    app.metadata.create_all(engine)
    with engine.begin() as conn:
        people = [{"id": n, "tenant_id": 1, "email": f"{n}@x.org"} for n in (3, 2, 1)]
        conn.execute(insert(app.customers), people)
        conn.execute(insert(app.orders), [{"id": 1, "customer_id": 2}])
        assert app.never_ordered(conn, 1) == ["1@x.org", "3@x.org"]
        assert app.never_ordered(conn, 2) == []
