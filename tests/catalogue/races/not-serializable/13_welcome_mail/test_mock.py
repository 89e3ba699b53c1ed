import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import patch

import app
import pytest


@pytest.mark.parametrize("exists", [True, False])
def test_welcome(exists):
    with patch.object(app.Email, "objects") as mails, patch.object(app, "transaction", create=True):
        mails.filter.return_value.exists.return_value = exists
        assert app.welcome(4, "ann@acme.example") is not exists
        assert mails.create.called is not exists
