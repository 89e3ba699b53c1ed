import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import patch

import app


def test_retry_failed():
    with patch.object(app.Job, "objects") as objects:
        objects.update.return_value = objects.filter.return_value.update.return_value = 3
        assert app.retry_failed() == "3 jobs will be tried again"
