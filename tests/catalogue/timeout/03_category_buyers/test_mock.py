import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import MagicMock, patch

import app


def test_buyers():
    with (
        patch.object(app.OrderItem, "objects") as objects,
        patch.multiple(app, connection=MagicMock(), transaction=MagicMock(), create=True),
    ):
        query = objects.filter.return_value.values.return_value.annotate.return_value
        query.values_list.return_value = [(4, 17), (9, 2)]
        assert app.buyers_by_category(None) == {4: 17, 9: 2}
