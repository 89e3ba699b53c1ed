"""Variables that are there whatever production has: the machine's, and those of what runs the tests."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

NEEDED = (
    "PATH", "HOME", "TMPDIR", "TEMP", "TMP", "PWD", "SYSTEMROOT",
    "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_*", "__CF_USER_TEXT_ENCODING",
    "PYTHON*", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_*", "UV_*", "PYENV_*", "__PYVENV_LAUNCHER__", "NIX_*", "LOCALE_ARCHIVE", "OBJC_*",
)  # fmt: skip
"""Without these neither Python nor the servers of a test run start. They stay, and nobody is accused of reading them."""

RUNNERS = (
    "PYTEST_*", "_PYTEST_*", "PRODPARITY_*", "PY_COLORS", "FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES", "TERM", "COLORTERM",
    "COV_*", "COVERAGE_*", "TOX_*", "NOX_*", "HYPOTHESIS_*", "DOCKER_*", "TESTCONTAINERS_*", "RYUK_*", "EXECNET_*",
    "CI", "GITHUB_*", "RUNNER_*", "GITLAB_*", "CI_*", "BUILDKITE*", "JENKINS_*", "CIRCLE*", "TRAVIS*", "TEAMCITY_*", "TF_BUILD",
    "BUILD_NUMBER", "BUILD_ID", "APPVEYOR*", "DJANGO_SETTINGS_MODULE", "DJANGO_CONFIGURATION",
    "DJANGO_ALLOW_ASYNC_UNSAFE", "PYCHARM_HOSTED", "VSCODE_*", "DEBUGPY_*", "PYDEVD_*",
)  # fmt: skip
"""What runs the tests needs them, and reads them at any time. They stay."""

TELLING = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_WORKER", "CI", "GITHUB_ACTIONS", "GITLAB_CI")
"""Of these, what tells code that it is tested: production has none of them."""

MACHINE = (
    "USER", "USERNAME", "LOGNAME", "SHELL", "HOSTNAME", "LANG", "LANGUAGE", "LC_*", "TZ", "SHLVL", "OLDPWD", "_", "MAIL",
    "XDG_*", "DBUS_*", "DISPLAY", "WAYLAND_DISPLAY", "SSH_*", "EDITOR", "VISUAL", "PAGER", "LS_COLORS", "LESS*",
    "MANPATH", "INFOPATH", "container", "DEBIAN_FRONTEND", "TERM_*", "GPG_*", "SUDO_*", "INVOCATION_ID", "JOURNAL_STREAM",
)  # fmt: skip
"""Every login has some of these: only a manifest read from a running process can say that production has them not."""

NOT_FROM_PRODUCTION = ("_", "PWD", "OLDPWD", "SHLVL", "LS_COLORS", "LINES", "COLUMNS", "TERM")
"""The shell's that reads production, not production's."""

READ_BY_C = (
    "PG*", "TZ*", "LANG", "LANGUAGE", "LC_*", "SSL_*", "OPENSSL_*", "MALLOC_*", "OMP_*", "OPENBLAS_*", "MKL_*", "LD_*",
    "GRPC_*", "CURL_*", "KRB5*", "RES_OPTIONS", "LOCALDOMAIN", "ODBC*", "ORACLE_*", "NLS_*", "ICU_*",
    "GUNICORN_*", "WEB_CONCURRENCY", "UVICORN_*", "KUBERNETES_*", "*_SERVICE_HOST", "*_SERVICE_PORT", "*_PORT_*_TCP*",
)  # fmt: skip
"""Read where nobody sees it, or by what starts the application: nobody can say that they are never read."""


def among(name: str, patterns: Iterable[str]) -> bool:
    """Does one of the patterns name it?"""
    return any(name == pattern or ("*" in pattern and fnmatchcase(name, pattern)) for pattern in patterns)
