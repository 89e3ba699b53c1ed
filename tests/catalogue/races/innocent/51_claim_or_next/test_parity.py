import app
import pytest


@pytest.fixture
def queue(parity_db):
    parity_db.owner.execute("""
        INSERT INTO jobs (queue, payload, run_at) VALUES
        ('acme', '{"task": "reindex"}', '2024-01-01'), ('acme', '{"task": "export"}', '2024-01-02')
    """)
    return "acme"


@pytest.mark.prodparity
def test_two_workers(parity_db, parity_race, queue):
    parity_race(lambda: app.claim(parity_db.dsn, queue), lambda: app.claim(parity_db.dsn, queue))
