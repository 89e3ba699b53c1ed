import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import MagicMock, patch

import app
import pytest


@pytest.fixture
def order():
    order = MagicMock(status="paid", number="O-1")
    with patch.object(app, "transaction"), patch.object(app.Order, "objects") as objects:
        objects.get.return_value = objects.select_for_update.return_value.get.return_value = order
        yield order


def test_ship(order):
    with patch.object(app, "order_label", return_value="T-77"):
        assert app.ship("http://carrier", 1) == "T-77"
    assert order.status == "shipped"
    assert order.notes == "tracking T-77"


def test_unpaid_orders_stay(order):
    order.status = "pending"
    with patch.object(app, "order_label") as order_label, pytest.raises(app.NotPaid):
        app.ship("http://carrier", 1)
    order_label.assert_not_called()
