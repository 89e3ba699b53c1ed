import app
from sqlalchemy import create_engine
from sqlalchemy.orm import Session


def test_tiles():
    engine = create_engine("sqlite://")
    app.Base.metadata.create_all(engine)
    with Session(engine) as session:
        for n, segment in enumerate(["vip", "regular", "vip"]):
            session.add(app.Customer(id=n, tenant_id=1, email=f"{n}@x.org", name="X", segment=segment))
        assert app.Dashboard(session).tiles() == [("VIPs", 2)]
