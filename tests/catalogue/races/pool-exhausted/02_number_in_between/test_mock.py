from types import SimpleNamespace
from unittest.mock import MagicMock, patch

import app


def test_place():
    engine = MagicMock()
    engine.begin.return_value.__enter__.return_value.execute.return_value.scalar_one.return_value = 42
    with patch.object(app, "Session") as sessions:
        session = sessions.return_value.__enter__.return_value
        session.get_one.return_value = SimpleNamespace(id=4, tenant_id=1)
        app.place(engine, 4)
    assert session.add.call_args.args[0].number == "T1-000042"
    session.commit.assert_called_once_with()
