import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import patch

import app


def test_packing_list():
    ann = app.Customer(id=1, name="Ann", country="DE")
    orders = [app.Order(number="O-1", customer=ann), app.Order(number="O-2", customer=ann)]
    with patch.object(app, "orders_to_pack", return_value=orders):
        assert app.packing_list(1, None) == "O-1: Ann, DE\nO-2: Ann, DE\n"
