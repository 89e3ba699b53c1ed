from unittest.mock import MagicMock

import app


def test_replace():
    engine = MagicMock()
    conn = engine.begin.return_value.__enter__.return_value
    app.replace_addresses(engine, 4, ["Main Street 1", "Mill Lane 2"])
    rows = [call.args[1] for call in conn.execute.call_args_list]
    assert rows[-2:] == [{"customer": 4, "street": "Main Street 1"}, {"customer": 4, "street": "Mill Lane 2"}]
