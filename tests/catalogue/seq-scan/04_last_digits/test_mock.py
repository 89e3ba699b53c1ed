from unittest.mock import MagicMock, patch

import app
import pytest


def test_numbers_are_returned():
    found = [MagicMock(number="O-0001234"), MagicMock(number="O-0991234")]
    with patch.object(app.Order, "objects") as objects:
        objects.filter.return_value = found
        objects.alias.return_value.filter.return_value = found
        assert app.search("1234") == ["O-0001234", "O-0991234"]
        assert app.search("1234", limit=1) == ["O-0001234"]


@pytest.mark.parametrize("digits", ["12", "12a4", ""])
def test_too_little_to_search_for(digits):
    with pytest.raises(ValueError):
        app.search(digits)
