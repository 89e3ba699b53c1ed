"""From files and running processes to one manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.errors import ProdparityError, UsageError
from .manifest import Manifest, dumped
from .sources import compose, dockerfile, dotenv, kubernetes, process, settings_classes
from .sources.found import Found

FOLDERS = ("k8s", "kubernetes", "deploy", "deployment", "manifests", "kube", ".")
_COMPOSE = ("compose.production.yaml", "compose.prod.yaml", "compose.yaml", "compose.yml", "docker-compose.prod.yml",
            "docker-compose.production.yml", "docker-compose.yml", "docker-compose.yaml")  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Captured:
    """A manifest, where it comes from, and what its reader must know."""

    manifest: Manifest
    read: tuple[str, ...]
    notes: tuple[str, ...] = ()


def capture(
    root: Path,
    paths: Sequence[Path] = (),
    *,
    service: str | None = None,
    through: str | None = None,
    pid: int | None = None,
    here: bool = False,
) -> Captured:
    """The manifest of the named files, or of a process; without either of what lies in `root`. Raises UsageError."""
    found: list[tuple[str, Found]] = []
    if through is not None:
        found.append((through, process.through(through)))
    if pid is not None:
        found.append((f"process {pid}", process.of_pid(pid)))
    if here:
        found.append(("this process", process.here()))
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise UsageError(
            f"{missing[0]} does not exist.", fix="name a Dockerfile, a Compose file, manifests or a folder"
        )
    if paths or not found:
        found += _of_files(root, list(paths) or list(_usual(root)), service)
    if not found:
        raise UsageError(
            "Nothing here tells production's environment.",
            tried=f"Looked for Dockerfile, compose.yaml, Kubernetes manifests, .env.example and BaseSettings in {root}",
            fix='prodparity env capture --through "docker exec -i web", or name the files',
        )
    manifest = Manifest()
    notes: list[str] = []
    for _, one in found:
        manifest, notes = manifest.merged(one.manifest), [*notes, *one.notes]
    return Captured(
        manifest=manifest, read=tuple(dict.fromkeys(name for name, _ in found)), notes=tuple(dict.fromkeys(notes))
    )


def kept(manifest: Manifest, old: Manifest) -> Manifest:
    """With what somebody wrote by hand into the manifest that was there."""
    by_hand = {name: one for name, one in old.variables.items() if not one.origin}
    return replace(manifest, variables=dict(sorted({**manifest.variables, **by_hand}.items())))


def changes(old: Manifest, new: Manifest) -> list[str]:
    """What a reviewer reads: one line a difference."""
    lines = [f"new {name}" for name in new.variables if name not in old.variables]
    lines += [f"gone {name}" for name in old.variables if name not in new.variables]
    before, after = dumped(replace(old, variables={})), dumped(replace(new, variables={}))
    known = set(before.splitlines())
    lines += [f"now {line}" for line in after.splitlines() if line not in known and not line.startswith("#")]
    return lines


def _usual(root: Path) -> Iterator[Path]:
    """What projects have, where they have it."""
    yield from (path for path in (root / "Dockerfile", root / "docker" / "Dockerfile") if path.is_file())
    yield from [path for name in _COMPOSE if (path := root / name).is_file()][:1]
    for name in FOLDERS:
        folder = root / name
        pattern = "*" if name == "." else "**/*"
        for path in sorted(folder.glob(pattern)) if folder.is_dir() else ():
            if path.suffix in (".yaml", ".yml") and path.name not in _COMPOSE and kubernetes.is_one(path):
                yield path
    yield from (path for name in dotenv.NAMES if (path := root / name).is_file())
    yield from settings_classes.sources(root)


def _of_files(root: Path, paths: Sequence[Path], service: str | None) -> Iterator[tuple[str, Found]]:
    """Kubernetes' files are read together, and so are settings: one refers to another."""
    together: dict[str, list[tuple[Path, str]]] = {"kubernetes": [], "settings": []}
    for path in (each for said in paths for each in (_usual(said) if said.is_dir() else [said])):
        origin = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        reader = _reader(path, service)
        if isinstance(reader, str):
            together[reader].append((path, origin))
        else:
            yield origin, reader(path, origin)
    if together["kubernetes"]:
        yield (
            ", ".join(origin for _, origin in together["kubernetes"]),
            kubernetes.read(together["kubernetes"], service),
        )
    if together["settings"]:
        yield ", ".join(origin for _, origin in together["settings"]), settings_classes.read(together["settings"])


def _reader(path: Path, service: str | None) -> str | Callable[[Path, str], Found]:
    name = path.name.lower()
    if path.suffix == ".py":
        return "settings"
    if "dockerfile" in name or "containerfile" in name:
        return dockerfile.read
    if path.suffix in (".yaml", ".yml"):
        return "kubernetes" if kubernetes.is_one(path) else lambda path, origin: compose.read(path, origin, service)
    if "env" in name:
        return dotenv.read
    raise ProdparityError(
        f"{path} is of no kind that is known.",
        fix="name a Dockerfile, a Compose file, Kubernetes manifests, an env file, or Python with BaseSettings",
    )
