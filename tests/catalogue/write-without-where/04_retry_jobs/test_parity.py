import app
import pytest


@pytest.fixture
def jobs(parity_db):
    rows = parity_db.owner.execute(
        "INSERT INTO jobs (queue, status, attempts) SELECT 'acme', 'failed', 5 FROM generate_series(1, 3) RETURNING id"
    ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_failed_jobs_become_ready(parity_db, jobs):
    assert app.retry_failed().endswith("jobs will be tried again")
    rows = parity_db.owner.execute("SELECT DISTINCT status, attempts FROM jobs WHERE id = ANY(%s)", (jobs,)).fetchall()
    assert rows == [("ready", 0)]
