"""What kind of value a variable has, told by its name and, where it can be seen, by its shape."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"(SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|API_?KEY|PRIVATE|SIGNING|ENCRYPTION|(ACCESS|AUTH)_KEY|_PWD$|_SALT$|_KEY$|^KEY$)"
)
_NOT_SECRET = re.compile(r"(_(ID|NAME|PATH|FILE|TTL|TIMEOUT|SECONDS|MINUTES|LENGTH|SIZE|LIMIT|URL|URI)$|PUBLIC)")
_URL = re.compile(r"(_URL|_URI|_DSN|_ENDPOINT|^URL|^DSN)$")
_NUMBER = re.compile(
    r"(PORT|TIMEOUT|SECONDS|MINUTES|WORKERS|THREADS|CONCURRENCY|_COUNT|_LIMIT|_SIZE|RETRIES|_TTL|_MAX|_MIN|_PERCENT)$"
)
_PATH = re.compile(r"(_PATH|_DIR|_FILE|_ROOT|_HOME|_FOLDER)$")
_BOOLEAN = re.compile(r"^(DEBUG|VERBOSE|(IS|USE|ENABLE|ENABLED|DISABLE|ALLOW|SKIP)_.*|.*_(ENABLED|DISABLED))$")
_TRUTHS = {"true", "false", "yes", "no", "on", "off"}


def kind(name: str, value: str | None = None) -> str:
    """One of `manifest.KINDS`. `value` is looked at and not kept; None where only the name is known."""
    upper = name.upper()
    if _SECRET.search(upper) and not _NOT_SECRET.search(upper):
        return "secret"
    by_value = _by_value(value) if value else None
    if by_value is not None:
        return by_value
    for pattern, found in ((_URL, "url"), (_NUMBER, "number"), (_PATH, "path"), (_BOOLEAN, "boolean")):
        if pattern.search(upper) and not value:
            return found
    return "text"


def _by_value(value: str) -> str | None:
    if re.match(r"[a-z][a-z0-9+.\-]*://", value, re.IGNORECASE):
        return "url"
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
        return "number"
    if value.lower() in _TRUTHS:
        return "boolean"
    if value.startswith(("/", "./", "~/")):
        return "path"
    if value[:1] + value[-1:] in ("{}", "[]"):
        return "json"
    return None
