import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from decimal import Decimal
from types import SimpleNamespace
from unittest.mock import MagicMock, patch

import app
import pytest


def refunded(status):
    payment = SimpleNamespace(status=status, amount=Decimal("9.90"), save=MagicMock())
    with patch.object(app, "transaction"), patch.object(app.Customer, "objects") as customers:
        with patch.object(app.Payment, "objects") as payments:
            payments.get.return_value = payments.select_for_update.return_value.get.return_value = payment
            app.refund(3, 4)
    customers.filter.assert_called_once_with(pk=4)
    return payment


def test_refund():
    assert refunded("settled").status == "refunded"


def test_again():
    with pytest.raises(app.AlreadyRefunded):
        refunded("refunded")
