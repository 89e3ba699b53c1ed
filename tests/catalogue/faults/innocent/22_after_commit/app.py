"""Saves site settings.

Pages notice new settings within a minute by themselves; purging the cache only makes that quicker, so it may fail.
"""

import os

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

if not settings.configured:
    info = conninfo_to_dict(os.environ.get("DATABASE_DSN", "postgresql:///shop"))
    settings.configure(
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": info.get("dbname", ""),
                "OPTIONS": {k: v for k, v in info.items() if k in ("user", "password", "host", "port")},
            }
        },
    )
    django.setup()

import logging

import requests
from django.db import models, transaction

logger = logging.getLogger(__name__)


class SiteSettings(models.Model):
    id = models.BooleanField(primary_key=True, default=True)
    free_shipping_from = models.DecimalField(max_digits=10, decimal_places=2)
    maintenance = models.BooleanField(default=False)

    class Meta:
        managed = False
        db_table = "site_settings"
        app_label = "site"


def purge(cache_url: str) -> None:
    try:
        requests.post(f"{cache_url}/purge", json={"tag": "settings"}, timeout=1).raise_for_status()
    except requests.RequestException as error:
        logger.info("pages follow within a minute: %s", error)


def save(cache_url: str, **values: object) -> None:
    with transaction.atomic():
        SiteSettings.objects.update_or_create(id=True, defaults=values)
        transaction.on_commit(lambda: purge(cache_url))
