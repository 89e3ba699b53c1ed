"""The schema that models declare, by making it in an empty database and reading it back."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from ..core.errors import ProdparityError, UsageError
from ..core.suggest import closest
from ..databases.embedded import Embedded
from ..databases.template import Templates
from ..profile.capture import capture
from ..profile.model import Profile

_TRIED = "Every table was made in an empty PostgreSQL, as the application's own migrations would"


def schema_of(models: str) -> tuple[Profile, str]:
    """The profile of an empty database with these models' tables, and its schema as SQL.

    `models` is `module:name` of a SQLAlchemy declarative base or MetaData, or the module of Django's settings. Raises
    UsageError where there are none, ProdparityError where PostgreSQL does not take them.
    """
    sys.path.insert(0, str(Path.cwd()))
    name, _, attribute = models.partition(":")
    try:
        module = importlib.import_module(name)
    except ImportError as cause:
        raise UsageError(
            f"--models {models}: {name} cannot be imported: {cause}.", fix="run it where `import` finds the module"
        ) from cause
    if not attribute and hasattr(module, "INSTALLED_APPS"):
        with _scratch() as dsn:
            _django(name, dsn)
            return capture(dsn)
    metadata = _metadata(models, module, attribute)
    with _scratch() as dsn:
        _sqlalchemy(models, metadata, dsn)
        return capture(dsn)


@contextmanager
def _scratch() -> Iterator[str]:
    provider = Embedded()
    try:
        server = provider.start()
        with Templates(server) as templates:
            database = templates.clone(templates.ensure("empty", lambda _dsn: None))
            try:
                yield server.dsn(database)
            finally:
                templates.drop(database)
    finally:
        provider.stop()


def _metadata(models: str, module: Any, attribute: str) -> Any:
    from sqlalchemy import MetaData

    found = getattr(module, attribute, None) if attribute else None
    metadata = found if isinstance(found, MetaData) else getattr(found, "metadata", None)
    if not isinstance(metadata, MetaData):
        held: dict[str, Any] = {}
        for key, value in vars(module).items():
            of_base = getattr(value, "metadata", None) if isinstance(value, type) else value
            if isinstance(of_base, MetaData):
                held[key] = of_base
        if attribute or len({id(each) for each in held.values()}) != 1:
            what = (
                f"has no declarative base {attribute!r}{closest(attribute, held)}"
                if attribute
                else "does not say which base"
            )
            raise UsageError(
                f"--models {models}: {module.__name__} {what}.",
                tried=f"Bases and MetaData there: {', '.join(sorted(held)) or 'none'}",
                fix="--models package.module:Base; for Django the settings module, without a name",
            )
        metadata = next(iter(held.values()))
    if not metadata.tables:
        raise UsageError(
            f"--models {models}: no table is declared there.",
            fix="name the module that imports all models, such as shop.models:Base",
        )
    return metadata


def _sqlalchemy(models: str, metadata: Any, dsn: str) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.schema import CreateSchema

    engine = create_engine(dsn.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        with engine.begin() as connection:
            for schema in sorted({table.schema for table in metadata.tables.values() if table.schema} - {"public"}):
                connection.execute(CreateSchema(schema))
            metadata.create_all(connection)
    except (SQLAlchemyError, psycopg.Error) as cause:
        said = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise ProdparityError(
            f"--models {models}: PostgreSQL does not take these tables: {said}.",
            tried=_TRIED,
            fix="an extension that they need can be captured from a real database only: prodparity capture URL",
        ) from cause
    finally:
        engine.dispose()


def _django(settings: str, dsn: str) -> None:
    from psycopg.conninfo import conninfo_to_dict

    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    try:
        import django
        from django.conf import settings as configured
        from django.core.management import call_command
    except ImportError as cause:
        raise UsageError(f"--models {settings}: Django is not installed.", fix="pip install django") from cause
    parts = conninfo_to_dict(dsn)
    configured.DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql", "HOST": parts["host"], "PORT": parts["port"],
            "NAME": parts["dbname"], "USER": parts["user"], "PASSWORD": parts["password"],
        }
    }  # fmt: skip
    try:
        django.setup()
        call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    except Exception as cause:
        raise ProdparityError(
            f"--models {settings}: its migrations do not run on an empty database: {type(cause).__name__}: {cause}.",
            tried=_TRIED,
        ) from cause
    finally:
        from django.db import connections

        connections.close_all()
