"""What a running Python sees of its machine, as JSON. Runs anywhere: standard library only, Python 3.6 and later.

`prodparity env capture --through "docker exec -i web"` sends this very file to the other machine's Python. Only names of
variables and the *kind* of each value leave it.
"""

# ruff: noqa: UP031, T201, S108  # Python 3.6 reads it, and its output is what is wanted
import json
import os
import re
import sys
from pathlib import Path


def shape(value: str) -> str:
    """What `kinds.kind` asks of a value, answered where the value is."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.\-]*://", value):
        return "x://"
    if re.match(r"^[+-]?\d+(\.\d+)?$", value):
        return "0"
    if value.lower() in ("true", "false", "yes", "no", "on", "off"):
        return "true"
    if value.startswith(("/", "./", "~/")):
        return "/"
    if value[:1] + value[-1:] in ("{}", "[]"):
        return "{}"
    return "x" if value else ""


def timezone() -> "str | None":
    """The zone's name, as far as the machine tells one."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named:
        return named
    try:
        text = Path("/etc/timezone").read_text().strip()
        if re.match(r"^[A-Za-z0-9_+\-/]+$", text):
            return text
    except OSError:
        pass
    place = Path("/etc/localtime")
    return str(place.resolve()).partition("zoneinfo/")[2] or None if place.exists() else "UTC"


def limits() -> "dict[str, int]":
    """Soft limits; None where there is none."""
    try:
        import resource
    except ImportError:
        return {}
    found = {}
    for name, which in (("open_files", resource.RLIMIT_NOFILE), ("memory", resource.RLIMIT_AS)):
        soft = resource.getrlimit(which)[0]
        if soft != resource.RLIM_INFINITY:
            found[name] = soft
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(path).read_text().strip()
        except OSError:
            continue
        if text.isdigit() and int(text) < 1 << 60:
            found["memory"] = min(int(text), found.get("memory", int(text)))
    return found


def packages() -> "dict[str, str]":
    """Installed distributions with their versions."""
    try:
        from importlib import metadata
    except ImportError:
        return {}
    found = {}
    for one in metadata.distributions():
        name = one.metadata["Name"]
        if name and one.version:
            found[re.sub(r"[-_.]+", "-", name).lower()] = one.version
    return found


def read_only() -> "list[str]":
    """Usual places that may not be written to."""
    places = ("/", "/app", "/tmp", "/var/tmp", os.environ.get("HOME", "/"), str(Path.cwd()))
    return sorted({place for place in places if Path(place).is_dir() and not os.access(place, os.W_OK)})


def main() -> None:
    """Print it."""
    umask = os.umask(0o022)
    os.umask(umask)
    language = next((os.environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if os.environ.get(name)), None)
    facts = {
        "prodparity": 1,
        "variables": {name: shape(value) for name, value in os.environ.items()},
        "python": "%d.%d.%d" % sys.version_info[:3],
        "packages": packages(),
        "timezone": timezone(),
        "locale": language,
        "umask": umask,
        "uid": os.getuid(),
        "gid": os.getgid(),
        "read_only": read_only(),
        "limits": limits(),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
