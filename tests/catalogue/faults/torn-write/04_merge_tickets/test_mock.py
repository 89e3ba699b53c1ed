from unittest.mock import MagicMock

import app
import pytest


def test_merge():
    session = MagicMock()
    app.MergeService(session).merge(8, 5, "kim")
    assert session.execute.call_count == 2
    (note,) = session.add.call_args.args
    assert note.ticket_id == 5
    assert note.internal
    session.commit.assert_called()


def test_itself():
    with pytest.raises(ValueError):
        app.MergeService(MagicMock()).merge(8, 8, "kim")
