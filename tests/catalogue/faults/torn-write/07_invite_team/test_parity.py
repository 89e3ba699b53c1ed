import app
import pytest
from django.db import close_old_connections


@pytest.fixture(autouse=True)
def request_cycle():
    close_old_connections()
    yield
    close_old_connections()


@pytest.mark.prodparity
def test_a_tenant_starts_with_tags_and_a_mail(parity_db):
    tenant = app.sign_up("acme-gmbh", "Acme GmbH", "boss@acme-gmbh.example")
    tags = parity_db.owner.execute("SELECT name FROM tags WHERE tenant_id = %s ORDER BY name", (tenant,)).fetchall()
    assert tags == [("billing",), ("bug",), ("question",)]
    mails = parity_db.owner.execute("SELECT status FROM emails WHERE recipient = 'boss@acme-gmbh.example'").fetchall()
    assert mails == [("queued",)]
