from unittest.mock import patch

import app
import pytest


def test_a_taken_address():
    with patch.object(app, "Session") as factory, pytest.raises(app.EmailTaken):
        factory.return_value.__exit__.return_value = False
        factory.return_value.__enter__.return_value.scalar.return_value = 4
        app.register(None, 1, "Ann@acme.example", "Ann")


def test_addresses_are_in_lower_case():
    with patch.object(app, "Session") as factory:
        session = factory.return_value.__enter__.return_value
        session.scalar.return_value = None
        app.register(None, 1, " Ann@acme.example", "Ann")
    assert session.add.call_args.args[0].email == "ann@acme.example"
