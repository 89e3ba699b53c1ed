import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from types import SimpleNamespace
from unittest.mock import MagicMock, patch

import app


def test_reply():
    ticket = SimpleNamespace(priority=3, save=MagicMock())
    with patch.object(app.Ticket, "objects") as tickets, patch.object(app.Message, "objects") as messages:
        tickets.select_for_update.return_value.get.return_value = ticket
        assert app.reply.__wrapped__(7, "kim", "On its way") == 4
    messages.create.assert_called_once_with(ticket_id=7, author="kim", body="On its way")
