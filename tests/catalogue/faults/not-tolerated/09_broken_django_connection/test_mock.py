import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import patch

import app
import pytest


def test_paid():
    with patch.object(app.Invoice, "objects") as invoices:
        invoices.filter.return_value.update.return_value = 1
        app.mark_paid(4, "2024-02-29")
    invoices.filter.return_value.update.assert_called_once_with(paid_at="2024-02-29")


def test_unknown():
    with patch.object(app.Invoice, "objects") as invoices, pytest.raises(app.Invoice.DoesNotExist):
        invoices.filter.return_value.update.return_value = 0
        app.mark_paid(4, "2024-02-29")
