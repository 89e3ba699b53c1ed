"""Cassettes as files: YAML as vcrpy writes it, with what it does not know beside it; written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ..core.errors import ProdparityError, UsageError
from .exchange import Exchange, Fields, Request, Response
from .scan import Hit, scan

FORMAT = 1
AGAIN = "restore it from version control, or record it again with --parity-record=all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Placeholder:
    """What stands for one secret."""

    kind: str
    placeholder: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tape:
    """What a cassette holds."""

    exchanges: tuple[Exchange, ...] = ()
    """Counter-probes after the exchange that they are about."""
    recorded_at: float | None = None
    """Seconds since 1970; None of a foreign one."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What the variables held that were used, as placeholders."""
    placeholders: tuple[Placeholder, ...] = ()

    @property
    def foreign(self) -> bool:
        """Not of ours: nothing is known of what was taken out of it."""
        return self.recorded_at is None

    @property
    def at(self) -> float | None:
        """When the first response came, as far as it says."""
        return next((one.at for one in self.exchanges if one.at is not None), self.recorded_at)


# --- reading


def read(path: Path) -> Tape | None:
    """A cassette of ours or of vcrpy's; None where there is none. Raises UsageError for what is no cassette."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a cassette: it is not UTF-8.", fix=AGAIN) from None
    except OSError as cause:
        raise ProdparityError(f"The cassette {path} cannot be read: {cause.strerror or cause}.") from cause
    return parse(text, path)


def parse(text: str, path: Path) -> Tape | None:
    """From a file's text; None where it is empty, as vcrpy has it."""
    if not text.strip():
        return None
    data = _loaded(text, path)
    if not isinstance(data, dict) or not isinstance(data.get("interactions"), list):
        raise UsageError(f"{path} is not a cassette: it has no list of interactions.", fix=AGAIN)
    metadata = data.get("metadata")
    ours = metadata.get("prodparity") if isinstance(metadata, dict) else None
    ours = ours if isinstance(ours, dict) else {}
    if ours and ours.get("format") != FORMAT:
        raise UsageError(
            f"{path} has format {ours.get('format')!r}; this version reads format {FORMAT}.",
            fix="upgrade pytest-prodparity, or record it again with --parity-record=all",
        )
    exchanges: list[Exchange] = []
    for place, entry in enumerate(data["interactions"], start=1):
        try:
            _exchange(entry, exchanges)
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            what = f"{cause} is missing" if isinstance(cause, KeyError) else str(cause)
            raise UsageError(f"{path} is not a cassette: interaction {place}: {what}.", fix=AGAIN) from None
    return Tape(
        exchanges=tuple(exchanges),
        recorded_at=_seconds(ours.get("recorded_at")),
        environment={str(name): str(value) for name, value in (ours.get("environment") or {}).items()},
        placeholders=tuple(
            Placeholder(kind=str(one["kind"]), placeholder=str(one["placeholder"])) for one in ours.get("secrets") or ()
        ),
    )


def _loaded(text: str, path: Path) -> Any:
    """As vcrpy loads it: nothing is executed, and the harmless tags of old cassettes are understood."""
    if text.lstrip()[:1] == "{":
        import json

        with suppress(ValueError):
            return json.loads(text)
    import yaml
    from vcr.serializers import yamlserializer

    try:
        return yamlserializer.deserialize(text)
    except yaml.YAMLError as cause:
        mark = getattr(cause, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        problem = getattr(cause, "problem", None) or "it is not YAML"
        raise UsageError(f"{path}{line} is not a cassette: {problem}.", fix=AGAIN) from None
    except (ValueError, TypeError) as cause:
        raise UsageError(f"{path} is not a cassette: {str(cause).splitlines()[0]}.", fix=AGAIN) from None


def _exchange(entry: Mapping[str, Any], into: list[Exchange]) -> None:
    request = _request(entry["request"])
    at = _seconds(entry.get("recorded_at"))
    into.append(Exchange(number=len(into), request=request, response=_response(entry["response"]), at=at))
    for probe in entry.get("probes") or ():
        kind: Literal["without", "corrupt"] = "without" if probe["probe"] == "without" else "corrupt"
        asked = _request(probe["request"])
        into.append(Exchange(number=len(into), request=asked, response=_response(probe["response"]), at=at, probe=kind))


def _request(data: Mapping[str, Any]) -> Request:
    return Request(
        method=str(data["method"]).upper(),
        url=str(data["uri"]).partition("#")[0],
        headers=fields(data.get("headers")),
        body=bytes_of(data.get("body")),
    )


def _response(data: Mapping[str, Any]) -> Response:
    status = data.get("status", data.get("status_code"))
    if status is None:
        raise KeyError("status")
    code, reason = (status["code"], status.get("message")) if isinstance(status, Mapping) else (status, "")
    body = data.get("body", data.get("content"))
    return plain(
        Response(status=int(code), reason=reason or "", headers=fields(data.get("headers")), body=bytes_of(body))
    )


def fields(headers: Any) -> Fields:
    """Header fields from a mapping of names to one value or several, or from pairs."""
    found: list[tuple[str, str]] = []
    for name, values in headers.items() if isinstance(headers, Mapping) else headers or ():
        several = values if isinstance(values, list | tuple) else [values]
        found.extend((_str(name), _str(value)) for value in several)
    return tuple(found)


def _str(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def bytes_of(body: Any) -> bytes:
    if isinstance(body, Mapping):
        body = body.get("string", body.get("base64_string"))
    if body is None:
        return b""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        return body.encode("utf-8", "surrogateescape")
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    if isinstance(body, int | float):
        return str(body).encode()
    if isinstance(body, Mapping):
        import json

        return json.dumps(body).encode()
    return b"".join(bytes_of(part) for part in body)


def _seconds(said: Any) -> float | None:
    if said is None:
        return None
    if isinstance(said, datetime):
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()
    if isinstance(said, int | float):
        return float(said)
    return datetime.fromisoformat(str(said)).timestamp()


def plain(response: Response) -> Response:
    """Without content coding: libraries differ in whether they hand over what came or what it means."""
    coding = next((value for name, value in response.headers if name.lower() == "content-encoding"), "")
    body = response.body
    for one in reversed([part.strip().lower() for part in coding.split(",") if part.strip()]):
        opened = _decoded(body, one)
        if opened is None:
            return response
        body = opened
    kept = []
    for name, value in response.headers:
        lower = name.lower()
        if lower in ("content-encoding", "transfer-encoding"):
            continue
        # An answer to HEAD tells the length of what it does not have.
        kept.append((name, str(len(body)) if lower == "content-length" and body else value))
    return Response(status=response.status, reason=response.reason, headers=tuple(kept), body=body)


def _decoded(body: bytes, coding: str) -> bytes | None:
    """None where it cannot be told what it means; what is not in its coding was decoded before."""
    import zlib

    if coding in ("identity", "") or not body:
        return body
    if coding in ("gzip", "x-gzip"):
        if not body.startswith(b"\x1f\x8b"):
            return body
        ways: tuple[int, ...] = (31,)
    elif coding == "deflate":
        ways = (15, -15)
    elif coding == "br":
        return _by_module(body, "brotli")
    elif coding == "zstd":
        return _by_module(body, "zstandard") if body.startswith(b"\x28\xb5\x2f\xfd") else body
    else:
        return None
    for way in ways:
        try:
            return zlib.decompress(body, way)
        except zlib.error:
            continue
    return body if coding == "deflate" else None


def _by_module(body: bytes, name: str) -> bytes | None:
    import importlib

    try:
        module = importlib.import_module(name)
    except ImportError:
        return body if _is_text(body) else None
    try:
        opened = module.decompress(body)
    except Exception:  # noqa: BLE001  # each package has errors of its own
        return body
    return opened if isinstance(opened, bytes) else body


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


# --- writing


def text_of(tape: Tape) -> str:
    """The file. Raises ProdparityError where it would not be read back as it is."""
    import yaml

    ours: dict[str, Any] = {"format": FORMAT, "recorded_at": _iso(tape.recorded_at or 0.0)}
    if tape.environment:
        ours["environment"] = dict(tape.environment)
    if tape.placeholders:
        ours["secrets"] = [{"kind": one.kind, "placeholder": one.placeholder} for one in tape.placeholders]
    data = {"version": 1, "metadata": {"prodparity": ours}, "interactions": _entries(tape.exchanges)}
    return str(yaml.dump(data, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=1_000_000))


def _entries(exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for one in exchanges:
        entry: dict[str, Any] = {"request": _of_request(one.request), "response": _of_response(one.response)}
        if one.probe:
            entries[-1].setdefault("probes", []).append({"probe": one.probe, **entry})
            continue
        if one.at is not None:
            entry["recorded_at"] = _iso(one.at)
        entries.append(entry)
    return entries


def _of_request(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "uri": request.url,
        "body": _readable(request.body) if request.body else None,
        "headers": _grouped(request.headers),
    }


def _of_response(response: Response) -> dict[str, Any]:
    return {
        "status": {"code": response.status, "message": response.reason},
        "headers": _grouped(response.headers),
        "body": {"string": _readable(response.body)},
    }


def _grouped(headers: Fields) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return found


def _readable(body: bytes) -> str | bytes:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _dumper() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    dumper: Any = type("_Dumper", (base,), {"ignore_aliases": lambda _self, _data: True})

    def text(writer: Any, value: str) -> Any:
        block = "\n" in value and not set(value) & set("\r\t\x85\u2028\u2029\ufeff") and value[:1] not in (" ", "\n")
        return writer.represent_scalar("tag:yaml.org,2002:str", value, style="|" if block else None)

    dumper.add_representer(str, text)
    return dumper


class SecretFound(ProdparityError):
    """A secret would have been written; nothing was."""

    def __init__(self, path: Path, hits: Sequence[Hit]) -> None:
        said = "; ".join(f"{hit.kind} (line {hit.line}, {hit.way})" for hit in hits[:5])
        more = f" and {len(hits) - 5} more" if len(hits) > 5 else ""
        super().__init__(
            f"The cassette {path} was not written: a secret would be in it: {said}{more}.",
            tried="Known secrets are replaced in URLs, header fields and bodies; these were found in the final bytes all the same.",
            fix="take the value out of what the service answers, record with another test credential, or, where it is "
            'no secret, name it in [tool.prodparity.http] harmless = ["…"]',
        )
        self.hits = tuple(hits)


def write(path: Path, tape: Tape, known: Mapping[str, str]) -> None:
    """Replace the cassette, unless a known secret (secret to kind) is in its bytes; then SecretFound, and nothing is left behind."""
    text = text_of(tape)
    again = parse(text, path)
    if again is None or _entries(again.exchanges) != _entries(tape.exchanges):
        raise ProdparityError(
            f"The cassette {path} was not written: it would not be read back as it was recorded.",
            fix="report this, with the content types that the service answers",
        )
    save(path, text.encode("utf-8"), known)


def save(path: Path, data: bytes, known: Mapping[str, str]) -> None:
    """Whole or not at all, and not with a known secret."""
    hits = scan(data, known)
    if hits:
        raise SecretFound(path, hits)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as cause:
        raise ProdparityError(
            f"The cassette {path} could not be written: {cause.strerror or cause}.",
            fix="make its folder writable",
        ) from cause


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time records this cassette, and another is refused; the lock leaves nothing beside it."""
    import fcntl
    import hashlib

    folder = Path(tempfile.gettempdir()) / f"prodparity-locks-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:24]
    with (folder / name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{path} is being recorded by another process.",
                fix="record in one process at a time: without -n, and with nobody else recording here",
            ) from None
        yield
