"""The programs' own tests are run by a pytest of their own, in a project of their own."""

from __future__ import annotations

collect_ignore_glob = ["*/*/test_*.py", "*/*/*/test_*.py"]
