import app
import pytest


@pytest.fixture
def agents(parity_db):
    rows = parity_db.owner.execute("""
        INSERT INTO employees (email, name, team)
        SELECT who || '@acme.example', who, 'on-call' FROM unnest(ARRAY['eve', 'joe']) AS who RETURNING id
    """)
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_both_want_to_leave(parity_db, parity_race, agents):
    eve, joe = agents

    def somebody_is_on_call():
        return parity_db.owner.execute("SELECT count(*) FROM employees WHERE team = 'on-call'").fetchone()[0] > 0

    parity_race(
        lambda: app.leave(parity_db.dsn, eve), lambda: app.leave(parity_db.dsn, joe), invariant=somebody_is_on_call
    )
