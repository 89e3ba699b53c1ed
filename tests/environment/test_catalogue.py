"""Programs that work on the laptop alone, each with its corrected twin: found, and not accused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.project import Project, Result

Make = Callable[[Mapping[str, str]], Project]

MANIFEST = """\
complete = true
timezone = "Asia/Tokyo"
umask = "0077"
[variables]
SHOP_KEY = { kind = "secret" }
"""

LAPTOP = {
    "API_KEY": "k", "PAY_HOST": "pay.laptop", "DATA_DIR": "/data", "WORKERS": "4", "USER": "me", "DISPLAY": ":0",
    "HTTPS_PROXY": "http://127.0.0.1:9", "SHOP_KEY": "s", "TZ": "UTC", "LANG": "C.UTF-8",
}  # fmt: skip

PROGRAMS: dict[str, tuple[str, str, str]] = {
    # name: (faulty, corrected, the test's assertion on what run() returns)
    "formatted": (
        "def run(): return f\"https://{os.environ.get('PAY_HOST')}/x\"",
        "def run(): return f\"https://{os.environ.get('PAY_HOST', 'pay.example.com')}/x\"",
        "run()",
    ),
    "keyed": (
        "def run(): return os.environ['API_KEY']",
        "def run(): return os.environ['SHOP_KEY']",
        "run()",
    ),
    "keyed_fallback": (
        "def run(): return os.environ['API_KEY'].strip()",
        "def run():\n    try:\n        return os.environ['API_KEY']\n    except KeyError:\n        return os.environ['SHOP_KEY']",
        "run()",
    ),
    "argument": (
        "def call(key): return {'Authorization': key}\ndef run(): return call(os.getenv('API_KEY'))",
        "def call(key): return {'Authorization': key}\ndef run(): return call(os.getenv('API_KEY') or os.environ['SHOP_KEY'])",
        "run()",
    ),
    "while_imported": (
        "KEY = 'Bearer %s' % os.environ.get('API_KEY')\ndef run(): return KEY",
        "KEY = os.environ.get('API_KEY')\nif KEY is None:\n    KEY = os.environ['SHOP_KEY']\ndef run(): return KEY",
        "run()",
    ),
    "number": (
        "def run(): return int(os.environ.get('WORKERS'))",
        "def run(): return int(os.environ.get('WORKERS', 2))",
        "run()",
    ),
    "wrong_default": (
        "def run(): return os.environ.get('PAY_HOST', '')",
        "def run(): return os.environ.get('PAY_HOST', 'pay.example.com')",
        "run() != ''",
    ),
    "parser": (
        "import argparse\ndef run():\n    p = argparse.ArgumentParser()\n    p.add_argument('--key', default=os.environ.get('API_KEY'))\n"
        "    return p.parse_args([])",
        "import argparse\ndef run():\n    p = argparse.ArgumentParser()\n    p.add_argument('--key', default=os.environ.get('API_KEY', ''))\n"
        "    return p.parse_args([])",
        "run()",
    ),
    "expanded": (
        "def run(): return os.path.expandvars('$DATA_DIR/x')",
        "def run(): return os.path.join(os.environ.get('DATA_DIR', '/var'), 'x')",
        "'$' not in run()",
    ),
    "template": (
        "import string\ndef run(): return string.Template('$DATA_DIR/x').substitute(os.environ)",
        "import string\ndef run(): return string.Template('$DATA_DIR/x').substitute({'DATA_DIR': '/var', **os.environ})",
        "run()",
    ),
    "copied": (
        "def run(): return dict(os.environ)['API_KEY']",
        "def run(): return dict(os.environ).get('API_KEY', 'none')",
        "run()",
    ),
    "subprocess": (
        "import subprocess, sys\ndef run(): return subprocess.check_output([sys.executable, '-c', \"import os; os.environ['API_KEY']\"], stderr=-3)",
        "import subprocess, sys\ndef run(): return subprocess.check_output([sys.executable, '-c', 'print(1)'])",
        "run()",
    ),
    "user": (
        "def run(): return '/home/' + os.environ['USER']",
        "import getpass\ndef run(): return '/home/' + getpass.getuser()",
        "run()",
    ),
    "display": (
        "def run(): return os.environ['DISPLAY']",
        "def run(): return os.environ.get('DISPLAY', 'headless')",
        "run()",
    ),
    "proxy": (
        "def run(): return {'https': os.environ['HTTPS_PROXY']}",
        "import urllib.request\ndef run(): return urllib.request.getproxies()",
        "run() is not None",
    ),
    "pydantic": (
        "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    api_key: str\ndef run(): return S()",
        "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    shop_key: str\ndef run(): return S()",
        "run()",
    ),
    "pydantic_prefix": (
        "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    model_config = {'env_prefix': 'API_'}\n    key: str\ndef run(): return S()",
        "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    model_config = {'env_prefix': 'API_'}\n    key: str = ''\ndef run(): return S()",
        "run()",
    ),
    "decouple": (
        "import decouple\ndef run(): return decouple.config('API_KEY')",
        "import decouple\ndef run(): return decouple.config('API_KEY', default='')",
        "run() is not None",
    ),
    "environs": (
        "import environs\ndef run(): return environs.Env().str('API_KEY')",
        "import environs\ndef run(): return environs.Env().str('API_KEY', 'none')",
        "run()",
    ),
    "django_environ": (
        "import environ\ndef run(): return environ.Env()('API_KEY')",
        "import environ\ndef run(): return environ.Env()('API_KEY', default='none')",
        "run()",
    ),
    "dotenv": (
        "from dotenv import load_dotenv\ndef run():\n    load_dotenv('laptop.env')\n    return os.environ['FILE_ONLY']",
        "from dotenv import load_dotenv\ndef run():\n    load_dotenv('laptop.env')\n    return os.environ['SHOP_KEY']",
        "run()",
    ),
    "tested": (
        "def run(): return 'fake' if 'PYTEST_CURRENT_TEST' in os.environ else 'real'",
        "def run(mode='real'): return mode",
        "run()",
    ),
    "c": (
        "import ctypes\ndef run():\n    c = ctypes.CDLL(None)\n    c.getenv.restype = ctypes.c_char_p\n    return c.getenv(b'API_KEY')",
        "import ctypes\ndef run():\n    c = ctypes.CDLL(None)\n    c.getenv.restype = ctypes.c_char_p\n    return c.getenv(b'SHOP_KEY')",
        "run()",
    ),
    "time_zone": (
        "import datetime\ndef run(): return datetime.datetime.fromtimestamp(0).hour",
        "import datetime\ndef run(): return datetime.datetime.fromtimestamp(0, datetime.UTC).hour",
        "run() == 0",
    ),
    "umask": (
        "import tempfile, pathlib\ndef run():\n    p = pathlib.Path(tempfile.mkdtemp()) / 'f'\n    p.touch()\n    return p.stat().st_mode & 0o777",
        "import tempfile, pathlib\ndef run():\n    p = pathlib.Path(tempfile.mkdtemp()) / 'f'\n    p.touch()\n    p.chmod(0o644)\n    return p.stat().st_mode & 0o777",
        "run() == 0o644",
    ),
}  # fmt: skip

BY_ITSELF = {"c", "time_zone", "umask"}
"""The test's own failure is all that can be said: there is no line that reads a name in Python."""


@pytest.fixture
def ran(project: Make) -> Callable[[int], Result]:
    """All faulty programs (0), or all corrected ones (1), in one run."""

    def run(which: int) -> Result:
        files = {"parity/environment.toml": MANIFEST, "laptop.env": "FILE_ONLY=1\n"}
        for name, program in PROGRAMS.items():
            files[f"shop_{name}.py"] = f"import os\n{program[which]}\n"
            files[f"test_{name}.py"] = (
                f"import pytest\nfrom shop_{name} import run\n"
                f"@pytest.mark.prodparity\ndef test_{name}():\n    assert {program[2]}\n"
            )
        return project(files).run("-p", "no:cacheprovider", environment=LAPTOP)

    return run


def test_each_faulty_program_is_found(ran: Callable[[int], Result]) -> None:
    result = ran(0)
    assert result.outcomes == {"failed": len(PROGRAMS)}, result.out
    assert result.report is not None
    accused = {one["test"].partition("::test_")[2] for one in result.report["findings"]}
    assert accused == set(PROGRAMS) - BY_ITSELF
    assert {one["rule"] for one in result.report["findings"]} == {"undeclared-env"}
    lines = {one["source"].partition(":")[0] for one in result.report["findings"]}
    assert lines <= {f"shop_{name}.py" for name in PROGRAMS}


def test_no_corrected_program_is_accused(ran: Callable[[int], Result]) -> None:
    result = ran(1)
    assert result.outcomes == {"passed": len(PROGRAMS)}, result.out
    assert result.findings == []
