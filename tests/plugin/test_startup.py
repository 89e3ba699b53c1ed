"""What the plugin costs a run that does not use it."""

from __future__ import annotations

import json
import subprocess
import sys

MODULES = """
import json, sys, sysconfig
import pytest, _pytest.terminal, _pytest.junitxml
before = set(sys.modules)
import pytest_prodparity.plugin
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_loading_the_plugin_imports_the_standard_library_and_pytest_only() -> None:
    done = subprocess.run([sys.executable, "-c", MODULES], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    foreign = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"pytest_prodparity"}
    assert "pytest_prodparity.plugin" in loaded
    assert foreign == set()


def test_loading_the_plugin_leaves_the_rooms_closed() -> None:
    done = subprocess.run([sys.executable, "-c", MODULES], capture_output=True, text=True, check=True)
    rooms = {name.split(".")[1] for name in json.loads(done.stdout) if name.count(".") >= 1 and "prodparity" in name}
    assert rooms == {"core", "fixtures", "plugin"}
