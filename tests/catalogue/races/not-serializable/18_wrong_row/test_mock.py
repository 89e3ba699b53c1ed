import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from types import SimpleNamespace
from unittest.mock import MagicMock, patch

import app


def test_close():
    ticket = SimpleNamespace(status="open", customer_id=4, save=MagicMock())
    customer = SimpleNamespace(points=10, save=MagicMock())
    close = app.close.__wrapped__
    with patch.object(app.Ticket, "objects") as tickets, patch.object(app.Customer, "objects") as customers:
        tickets.select_for_update.return_value.get.return_value = ticket
        customers.get.return_value = customers.select_for_update.return_value.get.return_value = customer
        close(3, 5)
        close(3, 5)
    assert (ticket.status, customer.points) == ("closed", 15)
