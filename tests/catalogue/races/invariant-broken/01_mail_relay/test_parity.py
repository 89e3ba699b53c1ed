import app
import pytest


@pytest.fixture
def outbox(parity_db):
    parity_db.owner.execute(
        "INSERT INTO emails (recipient, subject, body) "
        "SELECT name || '@acme.example', 'Acme sale', '' FROM unnest(ARRAY['ann', 'bob']) name"
    )
    return []


@pytest.mark.prodparity
def test_two_relays(parity_db, parity_race, outbox):
    def send(recipient, subject):
        outbox.append(recipient)

    def each_once():
        sent = sorted(outbox)
        outbox.clear()
        return len(set(sent)) == len(sent)

    parity_race(
        lambda: app.relay(parity_db.dsn, send, "Acme sale"),
        lambda: app.relay(parity_db.dsn, send, "Acme sale"),
        invariant=each_once,
    )
