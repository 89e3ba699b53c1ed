import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from types import SimpleNamespace
from unittest.mock import MagicMock, patch

import app


def test_change():
    found = {pk: SimpleNamespace(priority=pk, save=MagicMock()) for pk in (1, 2)}
    with patch.object(app, "transaction"), patch.object(app.Ticket, "objects") as tickets:
        tickets.select_for_update.return_value.get = lambda pk: found[pk]
        assert app.change([2, 1], 1) == [2, 3]
        assert app.change([1, 2], -9) == [1, 1]
