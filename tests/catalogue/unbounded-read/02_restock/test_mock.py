from unittest.mock import patch

import app


def test_suggestions():
    rows = [app.Stock(3, 2, 0, 4), app.Stock(1, 1, 0, 2)]
    with patch.object(app, "load_stock", return_value=rows):
        assert app.suggestions(None) == [
            {"product": 3, "warehouse": 2, "missing": 4},
            {"product": 1, "warehouse": 1, "missing": 2},
        ]


def test_empty_stock():
    assert app.Stock(1, 1, 0, 0).empty
    assert not app.Stock(1, 1, 5, 0).empty
