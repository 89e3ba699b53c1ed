import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import patch

import app
import pytest


@pytest.mark.parametrize(("updated", "expected"), [(1, True), (0, False)])
def test_seen(updated, expected):
    with patch.object(app.Customer, "objects") as customers:
        customers.filter.return_value.update.return_value = updated
        assert app.seen(5) is expected
