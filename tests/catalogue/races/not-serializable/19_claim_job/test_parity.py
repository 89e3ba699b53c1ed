import app
import pytest


@pytest.fixture
def jobs(parity_db):
    parity_db.owner.execute(
        "INSERT INTO jobs (queue, payload, run_at) "
        "SELECT 'acme', jsonb_build_object('n', n), now() - make_interval(mins => 10 - n) FROM generate_series(1, 2) n"
    )


@pytest.mark.prodparity
@pytest.mark.usefixtures("jobs")
def test_two_workers(parity_db, parity_race):
    one, other = app.Worker(parity_db.dsn, "acme"), app.Worker(parity_db.dsn, "acme")
    parity_race(one.claim, other.claim)
