"""Each source of a manifest: the names that it has, and never a value."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.environment.capture import capture, changes, kept
from pytest_prodparity.environment.manifest import Manifest, Variable, dumped

DOCKERFILE = """\
# syntax=docker/dockerfile:1
FROM python:3.12.4-slim AS base
ENV PYTHONUNBUFFERED=1 \\
    # a comment between
    TZ=Europe/Berlin
FROM node:20 AS assets
ENV ONLY_IN_ASSETS=1
FROM base
ARG BUILD_ONLY=1
ENV APP_ENV="production one" LC_ALL=de_DE.UTF-8
ENV OLD_FORM of a value
USER 1000:1000
CMD ["gunicorn"]
"""

COMPOSE = """\
x-shared: &shared
  LOG_LEVEL: info
services:
  base:
    build: .
    environment:
      FROM_BASE: "1"
  web:
    extends: {service: base}
    build: .
    user: "1001:1001"
    read_only: true
    mem_limit: 512m
    ulimits: {nofile: {soft: 2048, hard: 4096}}
    env_file: [web.env, {path: not-here.env, required: false}]
    environment:
      <<: *shared
      DATABASE_URL: postgres://app:hunter2@db/shop
      STRIPE_KEY: ${STRIPE_KEY:?}
      TZ: Asia/Tokyo
  worker:
    image: registry.example.com/shop:1
    environment:
      - QUEUE=default
      - FROM_SHELL
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: hunter2}
"""

KUBERNETES = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {REGION: eu, PAGE_SIZE: "50"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      securityContext: {runAsUser: 10001}
      containers:
        - name: web
          envFrom:
            - configMapRef: {name: settings}
              prefix: APP_
            - secretRef: {name: elsewhere}
          env:
            - {name: TZ, value: UTC}
            - name: DB_URL
              valueFrom: {secretKeyRef: {name: db, key: url}}
            - name: SENTRY_DSN
              valueFrom: {configMapKeyRef: {name: more, key: dsn, optional: true}}
          securityContext: {readOnlyRootFilesystem: true}
          resources: {limits: {memory: 256Mi}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: job, env: [{name: NIGHTLY, value: "true"}]}]
"""

SETTINGS = """\
from pydantic import AliasChoices, Field, PostgresDsn, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

class Base(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")
    debug: bool = False

class Settings(Base):
    dsn: PostgresDsn
    token: SecretStr
    workers: int = Field(default=4)
    region: str = Field(..., validation_alias="AWS_REGION")
    either: str = Field(validation_alias=AliasChoices("ONE", "OTHER"))
    _hidden: str

class Other:
    not_a_setting: str
"""

EXAMPLE = """\
# Where things are
export DATABASE_URL=postgres://user:hunter2@localhost/x
SECRET_KEY='hunter2'  # change me
TIMEOUT=
# SENTRY_DSN=https://hunter2@sentry.example.com/1
# a sentence = no variable
"""


def made(tmp_path: Path, name: str, text: str) -> Manifest:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    manifest = capture(tmp_path, [path]).manifest
    assert "hunter2" not in dumped(manifest)
    return manifest


def test_a_dockerfile_says_what_its_last_stage_sets(tmp_path: Path) -> None:
    found = made(tmp_path, "Dockerfile", DOCKERFILE)
    assert set(found.variables) == {
        "PYTHONUNBUFFERED", "TZ", "APP_ENV", "LC_ALL", "OLD_FORM", "PATH", "LANG", "PYTHON_VERSION"
    }  # fmt: skip
    assert (found.python, found.timezone, found.locale, found.uid) == ("3.12.4", "Europe/Berlin", "de_DE.UTF-8", 1000)


def test_a_compose_file_says_what_its_services_have_but_those_of_servers(tmp_path: Path) -> None:
    (tmp_path / "web.env").write_text("FROM_FILE=hunter2\n")
    found = made(tmp_path, "compose.yaml", COMPOSE)
    assert set(found.variables) == {
        "FROM_BASE", "FROM_FILE", "LOG_LEVEL", "DATABASE_URL", "STRIPE_KEY", "TZ", "QUEUE", "FROM_SHELL"
    }  # fmt: skip
    assert found.variables["STRIPE_KEY"].kind == "secret"
    assert found.variables["DATABASE_URL"].kind == "url"
    assert (found.timezone, found.uid, found.read_only) == ("Asia/Tokyo", 1001, ("/",))
    assert (found.limits.open_files, found.limits.memory) == (2048, 512 << 20)
    captured = capture(tmp_path, [tmp_path / "compose.yaml"], service="worker")
    assert set(captured.manifest.variables) == {"QUEUE", "FROM_SHELL"}
    assert "not-here.env is not here" in capture(tmp_path, [tmp_path / "compose.yaml"]).notes[0]
    with pytest.raises(UsageError, match=r"has no service 'wrker' \(did you mean 'worker'\?\)"):
        capture(tmp_path, [tmp_path / "compose.yaml"], service="wrker")


def test_kubernetes_manifests_say_what_their_containers_have(tmp_path: Path) -> None:
    found = made(tmp_path, "k8s/web.yaml", KUBERNETES)
    assert set(found.variables) == {"APP_REGION", "APP_PAGE_SIZE", "TZ", "DB_URL", "SENTRY_DSN", "NIGHTLY"}
    assert found.variables["DB_URL"].kind == "secret"
    assert not found.variables["SENTRY_DSN"].required
    assert found.variables["APP_PAGE_SIZE"].kind == "number"
    assert (found.uid, found.read_only, found.limits.memory) == (10001, ("/",), 256 << 20)
    captured = capture(tmp_path)
    assert captured.read == ("k8s/web.yaml",)
    assert "the names in Secret elsewhere are not known" in captured.notes[0]


def test_classes_of_pydantic_settings_say_what_they_read(tmp_path: Path) -> None:
    found = made(tmp_path, "shop/settings.py", SETTINGS)
    assert {name: (one.kind, one.required) for name, one in found.variables.items()} == {
        "SHOP_DEBUG": ("boolean", False),
        "SHOP_DSN": ("url", True),
        "SHOP_TOKEN": ("secret", True),
        "SHOP_WORKERS": ("number", False),
        "AWS_REGION": ("text", True),
        "ONE": ("text", False),
        "OTHER": ("text", False),
    }
    assert found.variables["SHOP_DSN"].origin == ("shop/settings.py:8",)


def test_an_example_of_an_env_file_says_its_names(tmp_path: Path) -> None:
    found = made(tmp_path, ".env.example", EXAMPLE)
    assert {name: (one.kind, one.required) for name, one in found.variables.items()} == {
        "DATABASE_URL": ("url", True),
        "SECRET_KEY": ("secret", True),
        "SENTRY_DSN": ("url", False),
        "TIMEOUT": ("number", True),
    }


def test_without_a_path_the_usual_files_are_read(tmp_path: Path) -> None:
    for name, text in ((".env.example", EXAMPLE), ("Dockerfile", DOCKERFILE), ("src/shop/conf.py", SETTINGS)):
        made(tmp_path, name, text)
    made(tmp_path, "tests/test_conf.py", SETTINGS)
    captured = capture(tmp_path)
    assert captured.read == ("Dockerfile", ".env.example", "src/shop/conf.py")
    assert {"APP_ENV", "SECRET_KEY", "SHOP_DSN"} <= set(captured.manifest.variables)
    assert not captured.manifest.complete


def test_a_process_says_its_names_and_the_kinds_of_its_values(tmp_path: Path) -> None:
    environment = {**os.environ, "ONLY_HERE_TOKEN": "hunter2", "ONLY_HERE_PORT": "8080", "TZ": "Asia/Tokyo"}
    wrapper = tmp_path / "inside"
    wrapper.write_text(f'#!/bin/sh\nshift\nexec "{sys.executable}" "$@"\n')
    wrapper.chmod(0o755)
    old = dict(os.environ)
    try:
        os.environ.update(environment)
        found = capture(tmp_path, through=str(wrapper)).manifest
    finally:
        os.environ.clear()
        os.environ.update(old)
    assert found.variables["ONLY_HERE_TOKEN"].kind == "secret"
    assert found.variables["ONLY_HERE_PORT"].kind == "number"
    assert (found.complete, found.timezone, found.uid) == (True, "Asia/Tokyo", os.getuid())
    assert found.python == "{}.{}.{}".format(*sys.version_info[:3])
    assert "pytest" in found.packages
    assert "hunter2" not in dumped(found)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's environment")
def test_a_process_of_this_machine_is_read_by_its_id(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    environment = {"PATH": os.environ["PATH"], "IN_PROCESS": "1"}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = capture(tmp_path, pid=process.pid).manifest
        process.communicate()
    assert set(found.variables) == {"PATH", "IN_PROCESS"}
    assert found.uid == os.getuid()
    with pytest.raises(UsageError, match=f"--pid {process.pid}: there is no process {process.pid}"):
        capture(tmp_path, pid=process.pid)


BROKEN: dict[str, tuple[str, str | bytes, str]] = {
    "a template of Helm": (
        "chart.yaml",
        "apiVersion: v1\nkind: Pod\nname: {{ .Values.x }}: {{ y }}\n",
        "it is a template",
    ),
    "no YAML": ("compose.yaml", "services: [\n", "is not YAML, line 2"),
    "bytes": ("Dockerfile", b"ENV A=\xff\n", "it is not UTF-8 text"),
    "an unknown kind": ("main.tf", "x", "is of no kind that is known"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_source_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    file, text, message = BROKEN[name]
    (tmp_path / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ProdparityError, match=message) as refused:
        capture(tmp_path, [tmp_path / file])
    assert file in str(refused.value)


def test_what_leads_nowhere_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Nothing here tells production's environment"):
        capture(tmp_path)
    with pytest.raises(UsageError, match="there is no 'no-such-program' on this machine"):
        capture(tmp_path, through="no-such-program exec")
    with pytest.raises(ProdparityError, match="No Python answered at the end of `false`"):
        capture(tmp_path, through="false")
    with pytest.raises(UsageError, match="does not exist"):
        capture(tmp_path, [tmp_path / "Dockerfile"])


def test_what_was_written_by_hand_stays_and_what_changed_is_said() -> None:
    old = Manifest(variables={"BY_HAND": Variable(kind="url"), "OLD": Variable(origin=("x",))}, python="3.11.1")
    new = kept(Manifest(variables={"NEW": Variable(origin=("x",))}, python="3.12.0"), old)
    assert list(new.variables) == ["BY_HAND", "NEW"]
    assert changes(old, new) == ["new NEW", "gone OLD", 'now python = "3.12.0"']
