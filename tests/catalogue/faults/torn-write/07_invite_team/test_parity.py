import app
import pytest


@pytest.mark.prodparity
def test_a_tenant_starts_with_tags_and_a_mail(parity_db):
    tenant = app.sign_up("acme-gmbh", "Acme GmbH", "boss@acme-gmbh.example")
    assert app.Tag.objects.filter(tenant_id=tenant).count() == 3
    mails = parity_db.owner.execute("SELECT status FROM emails WHERE recipient = 'boss@acme-gmbh.example'").fetchall()
    assert mails == [("queued",)]
