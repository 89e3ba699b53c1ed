from unittest.mock import patch

import app
import pytest


@pytest.mark.parametrize(("stars", "mean"), [([5, 4], 4.5), ([5, 4, 4], 4.3), ([], None)])
def test_average(stars, mean):
    with patch.object(app, "latest_reviews", return_value=[app.Review(stars=n) for n in stars]):
        assert app.average(None, 1) == mean
