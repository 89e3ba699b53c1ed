from unittest.mock import MagicMock

import app
import pytest


@pytest.mark.parametrize(("quantity", "expected"), [(3, True), (2, False)])
def test_endpoint(quantity, expected):
    repository = MagicMock()
    repository.quantity.return_value = quantity
    answer = app.StockEndpoint(app.StockService(repository)).get(7, 3)
    assert answer == {"product": 7, "available": expected}
