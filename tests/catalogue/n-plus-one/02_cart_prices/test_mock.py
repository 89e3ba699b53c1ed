from decimal import Decimal
from unittest.mock import patch

import app


def test_discount_is_rounded():
    with patch.object(app, "price_cart", return_value={1: Decimal("9.99"), 2: Decimal("5.00")}):
        assert app.cart_total(None, {1: 1, 2: 1}) == Decimal("14.99")
        assert app.cart_total(None, {1: 1, 2: 1}, percent_off=15) == Decimal("12.74")


def test_empty_cart():
    with patch.object(app, "price_cart", return_value={}):
        assert app.cart_total(None, {}) == 0
