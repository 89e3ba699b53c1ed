from unittest.mock import MagicMock

import app
import pytest


@pytest.mark.parametrize(("there", "bought"), [(5, True), (1, False)])
def test_buy(there, bought):
    engine = MagicMock()
    result = engine.begin.return_value.__enter__.return_value.execute.return_value
    result.scalar_one.return_value = there
    result.rowcount = 1
    assert app.buy(engine, 3, 2) is bought
