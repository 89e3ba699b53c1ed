import app
import pytest
from sqlalchemy.orm import Session


@pytest.mark.prodparity
def test_directory(parity_db):
    db = parity_db.owner
    insert = "INSERT INTO employees (email, name, team, manager_id) VALUES (%s, %s, %s, %s) RETURNING id"
    kim = db.execute(insert, ("kim@acme.example", "Kim Acme", "acme", None)).fetchone()[0]
    db.execute(insert, ("lou@acme.example", "Lou Acme", "acme", kim))
    with Session(parity_db.engine) as session:
        assert app.teams(session).count("acme") == 1
        assert "Kim Acme" in app.managers(session)
        assert "Lou Acme" not in app.managers(session)
