"""Marks invoices as paid when the bank says so."""

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

import time

from django.db import OperationalError, models


class Invoice(models.Model):
    id = models.BigAutoField(primary_key=True)
    number = models.TextField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "invoices"
        app_label = "billing"


def persistent(function):
    """Try again what may be repeated without harm."""

    def wrapper(*args, **kwargs):
        for pause in (0.1, 0.4):
            try:
                return function(*args, **kwargs)
            except OperationalError:
                time.sleep(pause)
        return function(*args, **kwargs)

    return wrapper


@persistent
def mark_paid(invoice_id: int, when) -> None:
    if not Invoice.objects.filter(pk=invoice_id).update(paid_at=when):
        raise Invoice.DoesNotExist(invoice_id)
