"""Imports the tags of a ticket from a comma-separated field."""

import os

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

if not settings.configured:
    info = conninfo_to_dict(os.environ.get("DATABASE_DSN", "postgresql:///shop"))
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": info.get("dbname", ""),
                "USER": info.get("user", ""),
                "PASSWORD": info.get("password", ""),
                "HOST": info.get("host", ""),
                "PORT": info.get("port", ""),
            }
        }
    )
    django.setup()

from django.db import models, transaction


class Tag(models.Model):
    id = models.BigAutoField(primary_key=True)
    tenant_id = models.BigIntegerField()
    name = models.TextField()

    class Meta:
        managed = False
        db_table = "tags"
        app_label = "support"
        unique_together = [("tenant_id", "name")]


def split(field: str) -> list[str]:
    names = (name.strip().lower() for name in field.split(","))
    return sorted({name for name in names if name})


@transaction.atomic
def tags_for(tenant_id: int, names: list[str]) -> list[Tag]:
    """Get the tags with these names, making those that are missing."""
    Tag.objects.bulk_create([Tag(tenant_id=tenant_id, name=name) for name in names], ignore_conflicts=True)
    found = {tag.name: tag for tag in Tag.objects.filter(tenant_id=tenant_id, name__in=names)}
    return [found[name] for name in names]
