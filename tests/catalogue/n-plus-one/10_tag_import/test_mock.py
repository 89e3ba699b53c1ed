import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

import app
import pytest


@pytest.mark.parametrize(
    ("field", "names"),
    [("a, b", ["a", "b"]), ("", []), ("Late,late , BROKEN", ["broken", "late"])],
)
def test_split(field, names):
    assert app.split(field) == names
