import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import MagicMock, patch

import app


def test_sign_up():
    tenant = app.Tenant(id=4, slug="acme", name="Acme")
    with (
        patch.object(app, "transaction", MagicMock(), create=True),
        patch.object(app.Tenant, "objects") as tenants,
        patch.object(app.Tag, "objects") as tags,
        patch.object(app.Email, "objects") as emails,
    ):
        tenants.create.return_value = tenant
        assert app.sign_up("acme", "Acme", "a@acme.example") == 4
    assert len(tags.bulk_create.call_args.args[0]) == 3
    assert emails.create.call_args.kwargs["recipient"] == "a@acme.example"
