import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import patch

import app


def test_tick():
    with patch.object(app.Ticket, "objects") as tickets:
        tickets.filter.return_value.update.return_value = 3
        assert app.Daemon(1).tick() == 3
    assert tickets.filter.call_args.kwargs["status"] == "waiting"
