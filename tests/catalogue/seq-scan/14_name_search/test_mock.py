from unittest.mock import patch

import app


def test_search_formats_customers():
    found = [app.Customer(name="Ann Berg", email="ann@x.org")]
    with patch.object(app.Customer, "objects") as objects:
        objects.filter.return_value = found
        assert app.search(" berg ") == ["Ann Berg <ann@x.org>"]


def test_short_texts_find_nothing():
    with patch.object(app.Customer, "objects") as objects:
        assert app.search("be") == []
        objects.filter.assert_not_called()
