from unittest.mock import MagicMock, patch

import app
import pytest


def test_each_category_is_discounted():
    factory = MagicMock()
    with patch.object(app, "_discount_one") as one:
        app.discount(factory, [4, 5], 10)
    assert sorted(call.args[1] for call in one.call_args_list) == [4, 5]


def test_not_everything_is_a_discount():
    with pytest.raises(ValueError):
        app.discount(MagicMock(), [1], 100)
