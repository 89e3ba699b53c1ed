"""`.env.example` and its like: the names that a project asks its users to set."""

from __future__ import annotations

import re
from pathlib import Path

from ..manifest import Manifest, Variable
from .found import Found, text_of, variable

NAMES = (".env.example", ".env.sample", ".env.template", ".env.dist", ".env.production.example", "env.example")
_LINE = re.compile(r"^(?P<off>#\s?)?\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)$")


def read(path: Path, origin: str) -> Found:
    """Its names; a line that is commented out is a variable that may be missing."""
    variables: dict[str, Variable] = {}
    for line in text_of(path).splitlines():
        found = _LINE.match(line.strip())
        if found is None or (found["off"] and not found["name"].isupper()):
            continue
        name, value = found["name"], found["value"].strip()
        plain = re.sub(r"\s+#.*$", "", value).strip("'\"")
        said = variable(name, plain or None, origin, required=not found["off"])
        variables[name] = variables[name].merged(said) if name in variables else said
    return Found(manifest=Manifest(variables=variables))
