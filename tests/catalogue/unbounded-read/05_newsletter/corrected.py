"""Sends the monthly newsletter."""

import os
from collections.abc import Callable

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

from django.db import models


class Customer(models.Model):
    id = models.BigAutoField(primary_key=True)
    email = models.TextField()
    name = models.TextField()
    newsletter = models.BooleanField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "customers"
        app_label = "marketing"


def recipients():
    subscribed = Customer.objects.filter(newsletter=True, deleted_at=None)
    return subscribed.only("email", "name").iterator(chunk_size=2000)


def send_all(send: Callable[[str, str], None], text: str) -> int:
    """Send the text to everybody who subscribed; returns how many that were."""
    sent = 0
    for customer in recipients():
        send(customer.email, text.format(name=customer.name))
        sent += 1
    return sent
