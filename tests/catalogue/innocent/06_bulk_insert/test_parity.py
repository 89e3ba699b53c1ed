import app
import pytest


@pytest.mark.prodparity
def test_events_are_written(parity_db):
    events = [app.Event(987_654_321, "order", n, "viewed", {"n": n}) for n in range(40)]
    with parity_db.connect() as conn:
        app.write(conn, events)
    count = parity_db.owner.execute(
        "SELECT count(*), sum((payload ->> 'n')::int) FROM events WHERE tenant_id = 987654321"
    ).fetchone()
    assert count == (40, 780)
