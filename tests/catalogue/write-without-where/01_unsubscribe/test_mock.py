import app
from sqlalchemy import create_engine
from sqlalchemy.orm import Session


def test_unsubscribe():
    engine = create_engine("sqlite://")
    app.Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(app.Customer(id=n, tenant_id=1, email=f"{n}@x.org", name="X", newsletter=True) for n in (1, 2))
        session.flush()
        app.unsubscribe(session, 1, ["1@x.org", "2@x.org"])
        assert session.query(app.Customer).filter_by(newsletter=True).count() == 0
