import app
from sqlalchemy import create_engine, insert


def test_quick_find():
    engine = create_engine("sqlite://")
    app.metadata.create_all(engine)
    with engine.begin() as conn:
        conn.execute(
            insert(app.orders),
            [
                {"id": 1, "number": "O-1", "reference": "PO-9", "status": "paid"},
                {"id": 2, "number": "O-2", "reference": None, "status": "pending"},
            ],
        )
        assert [hit.id for hit in app.quick_find(conn, "o-2 ")] == [2]
        assert [hit.id for hit in app.quick_find(conn, "PO-9")] == [1]
        assert app.quick_find(conn, "nothing") == []
