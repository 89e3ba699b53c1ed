import app
import pytest


@pytest.mark.prodparity
def test_jobs_are_done_in_order(parity_db):
    parity_db.owner.execute(
        "INSERT INTO jobs (queue, payload, run_at) "
        "SELECT 'acme', jsonb_build_object('n', n), now() - n * interval '1 minute' FROM generate_series(1, 6) n"
    )
    seen = []
    assert app.drain(parity_db.dsn, "acme", seen.append) == 6
    assert [payload["n"] for payload in seen] == [6, 5, 4, 3, 2, 1]
