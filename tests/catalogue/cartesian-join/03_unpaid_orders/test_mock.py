import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import patch

import app


def test_unpaid():
    with patch.object(app.Order, "objects") as objects:
        query = objects.filter.return_value.extra.return_value.order_by.return_value.values_list.return_value
        query.distinct.return_value = ["O-1", "O-2"]
        assert app.unpaid(3, None) == ["O-1", "O-2"]
    assert objects.filter.call_args.kwargs["tenant_id"] == 3
