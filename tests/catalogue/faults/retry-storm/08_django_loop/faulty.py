"""Counts the visits of a customer."""

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

from django.db import DatabaseError, InterfaceError, connection, models
from django.utils import timezone


class Customer(models.Model):
    id = models.BigAutoField(primary_key=True)
    email = models.TextField()
    last_seen = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "customers"
        app_label = "visits"


def seen(customer_id: int) -> bool:
    """Note that a customer is here now (which may be noted twice without harm); False for an unknown one."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return Customer.objects.filter(pk=customer_id).update(last_seen=timezone.now()) == 1
        except (DatabaseError, InterfaceError):
            connection.close()
            if time.monotonic() > deadline:
                raise
