from decimal import Decimal
from unittest.mock import MagicMock, patch

import app


def product(id, active=True):
    return app.Product(id=id, name="blue mug", price=Decimal("9.50"), currency="EUR", active=active)


def test_cards_skip_inactive_products():
    with (
        patch.object(app, "SessionLocal", MagicMock()),
        patch.object(app, "load", return_value=[product(4), product(5, False)]),
    ):
        assert app.cards([4, 5]) == [app.Card(4, "Blue Mug", "9.50 EUR")]
