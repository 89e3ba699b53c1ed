import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import MagicMock, patch

import app


def test_points_are_given_once():
    order = MagicMock(status="pending", total=25)
    with (
        patch.object(app, "transaction"),
        patch.object(app.Customer, "objects") as customers,
        patch.object(app.Order, "objects") as orders,
    ):
        orders.get.return_value = orders.select_for_update.return_value.get.return_value = order
        app.redeem(1, 2)
        order.status = "redeemed"
        app.redeem(1, 2)
    customers.filter.return_value.update.assert_called_once()
