"""What a run without rows does not load."""

from __future__ import annotations

import subprocess
import sys


def test_a_session_without_rows_loads_no_generator() -> None:
    code = "import sys, pytest_prodparity.session; print([name for name in sys.modules if name in ('numpy', 'faker', 'rich', 'sqlalchemy') or 'synthesis' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
