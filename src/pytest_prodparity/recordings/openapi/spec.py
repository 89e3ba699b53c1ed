"""A specification: loaded, checked that it is one, and asked which operation a request is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from .document import Files, Place, SpecError
from .operation import METHODS, Operation, three, two
from .routes import VERSION, Routes, Server, host_of, same_kind, version_key
from .schema import Schemas


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a URL is in the specification."""

    server: Server
    template: str
    """As in `paths`."""
    values: tuple[str, ...]
    """Of the template's variables."""


class Spec:
    """One specification with its servers; `servers` adds base URLs under which the same API answers."""

    def __init__(self, root: Place, *, servers: tuple[str, ...] = ()) -> None:
        self.root = root
        self.path = root.file
        node = root.mapping()
        self.two = "swagger" in node
        self.title = str(_text(node.get("info"), "title"))
        self.version = str(_text(node.get("info"), "version"))
        self.schemas = Schemas(references_alone=self.two or str(node.get("openapi", "")).startswith("3.0"))
        self.servers = (*map(Server.of, servers), *self._own_servers())
        self._routes: dict[Server, Routes] = {}
        self._items: dict[str, Place] = {}
        self.elsewhere: dict[str, str] = {}
        """Paths that stand somewhere on the network, which is not followed: template -> the reference."""
        self._operations: dict[tuple[str, str, str], Operation | None] = {}
        self._read_paths()
        self.keys = self._key_names()
        self._logins = self._login_urls()

    @classmethod
    def load(cls, path: Path, *, servers: tuple[str, ...] = ()) -> Spec:
        """Raises SpecError where the file is no specification."""
        root = Files().root(path)
        node = root.node
        if not isinstance(node, dict) or not ("openapi" in node or "swagger" in node):
            raise SpecError(
                f"{path} is no OpenAPI specification: it has neither 'openapi' nor 'swagger' at its top.",
                fix="give the vendor's file: OpenAPI 3.0, 3.1 or Swagger 2, as JSON or YAML",
            )
        said = str(node.get("openapi", node.get("swagger")))
        if not re.match(r"3\.[012](\.|$)|2\.0$|2$", said):
            raise SpecError(f"{path} is version {said!r} of OpenAPI; 2.0, 3.0 and 3.1 can be read.")
        if not isinstance(node.get("paths"), dict) or not node["paths"]:
            raise SpecError(f"{path} describes no paths.", fix="give the file that has 'paths'")
        return cls(root, servers=servers)

    @property
    def names_hosts(self) -> bool:
        """It says which hosts it is about."""
        return any(server.host is not None for server in self.servers)

    def has_host(self, url: str) -> bool:
        """The URL's host is one that the specification names."""
        host = host_of(url)
        return any(server.host is not None and server.host.match(host) for server in self.servers)

    def is_login(self, url: str) -> bool:
        """A token or authorization address of the security schemes: documented, though no path."""
        return _bare(url) in self._logins

    def find(self, url: str) -> Found | None:
        """The longest base path first."""
        host, path = host_of(url), urlsplit(url).path
        for server, routes in self._routes.items():
            if server.host is not None and not server.host.match(host):
                continue
            met = server.pattern.match(path)
            if met is not None and (found := routes.match(met[met.re.groups])):
                return Found(server=server, template=found[0], values=found[1])
        return None

    def operation(self, found: Found, method: str) -> Operation | None:
        """None where the path has no such method."""
        key = (found.server.base, found.template, method)
        if key not in self._operations:
            self._operations[key] = self._made(found.server.base, found.template, method.lower())
        return self._operations[key]

    def methods(self, found: Found) -> list[str]:
        """Which a path has, in capitals."""
        return [method.upper() for method in METHODS if self._items[found.template].get(method) is not None]

    def versions(self, url: str, method: str) -> list[tuple[str, Operation]]:
        """The same operation under other versions in the path, the newest first."""
        parts = urlsplit(url)
        segments = parts.path.split("/")
        found: dict[str, Operation] = {}
        for at, segment in enumerate(segments):
            if not VERSION.match(segment):
                continue
            for other in self._versions():
                if other == segment or not same_kind(other, segment):
                    continue
                there = "/".join([*segments[:at], other, *segments[at + 1 :]])
                match = self.find(parts._replace(path=there).geturl())
                operation = self.operation(match, method) if match is not None else None
                if operation is not None and other in operation.template.split("/"):
                    found[other] = operation
        return sorted(found.items(), key=lambda entry: version_key(entry[0]), reverse=True)

    def by_id(self, name: str) -> Operation | None:
        """The operation with this operationId."""
        for template, item in self._items.items():
            for method in METHODS:
                place = item.get(method)
                if place is not None and place.mapping().get("operationId") == name:
                    return self._made(self.servers[0].base, template, method)
        return None

    def _versions(self) -> set[str]:
        texts = [*(server.base for server in self.servers), *self._items]
        return {segment for text in texts for segment in text.split("/") if VERSION.match(segment)}

    def _made(self, base: str, template: str, method: str) -> Operation | None:
        item = self._items[template]
        place = item.get(method)
        if place is None or not isinstance(place.node, dict):
            return None
        whole = base + template
        return two(method, whole, item, place, self.root) if self.two else three(method, whole, item, place)

    def _read_paths(self) -> None:
        for template, part in self.root["paths"].items():
            item = part.followed()
            if item is None:
                self.elsewhere[template] = f"{part}: {part.reference}"
                item = part
            if not isinstance(item.node, dict) or not template.startswith("/"):
                continue
            self._items[template] = item
            places = [item, *(item[method] for method in METHODS if item.get(method) is not None)]
            own = tuple(server for place in places for server in _servers(place))
            for server in (*own, *self.servers):
                self._routes.setdefault(server, Routes()).add(template)
        self.servers = tuple(self._routes)
        self._routes = dict(sorted(self._routes.items(), key=lambda entry: -len(entry[0].base)))

    def _own_servers(self) -> tuple[Server, ...]:
        node = self.root.mapping()
        if not self.two:
            return tuple(_servers(self.root)) or (Server.of("/"),)
        base = str(node.get("basePath") or "")
        host = node.get("host")
        return (Server.of(f"https://{host}/{base.lstrip('/')}" if host else base or "/"),)

    def _schemes(self) -> list[Place]:
        holder = self.root if self.two else self.root.get("components")
        schemes = holder.get("securityDefinitions" if self.two else "securitySchemes") if holder is not None else None
        return [found for _, part in (schemes.items() if schemes is not None else ()) if (found := part.followed())]

    def _key_names(self) -> frozenset[str]:
        named = (scheme.mapping() for scheme in self._schemes())
        return frozenset(str(node.get("name")).lower() for node in named if node.get("type") == "apiKey")

    def _login_urls(self) -> frozenset[str]:
        found = set()
        own = next((server.url for server in self.servers if "://" in server.url), "")
        for scheme in self._schemes():
            flows = scheme.get("flows")
            holders = [scheme, *(flow for _, flow in flows.items())] if flows is not None else [scheme]
            for holder in holders:
                for name in ("tokenUrl", "authorizationUrl", "refreshUrl", "openIdConnectUrl"):
                    if isinstance(said := holder.mapping().get(name), str):
                        found.add(_bare(urljoin(own, said)))
        return frozenset(found)


def _servers(place: Place) -> list[Server]:
    found = []
    listed = place.get("servers")
    for part in listed.elements() if listed is not None else ():
        if isinstance(url := part.mapping().get("url"), str):
            variables = part.get("variables")
            values = {name: _values(one) for name, one in (variables.items() if variables is not None else ())}
            found.append(Server.of(url, values))
    return found


def _values(variable: Place) -> list[str]:
    said = variable.mapping().get("enum")
    return [str(one) for one in said] if isinstance(said, list) else []


def _bare(url: str) -> str:
    return f"{host_of(url)}{urlsplit(url).path.rstrip('/')}"


def _text(node: object, name: str) -> object:
    return node.get(name, "") if isinstance(node, dict) else ""
