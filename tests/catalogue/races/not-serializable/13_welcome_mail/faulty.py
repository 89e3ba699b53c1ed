"""Mails to customers."""

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

from django.db import connection, models


class Email(models.Model):
    customer_id = models.BigIntegerField()
    recipient = models.TextField()
    subject = models.TextField()
    body = models.TextField()

    class Meta:
        managed = False
        db_table = "emails"
        app_label = "mails"


def welcome(customer_id, recipient):
    """Queue the welcome mail, unless the customer has got it; says whether it was queued."""
    if Email.objects.filter(customer_id=customer_id, subject="Welcome").exists():
        return False
    Email.objects.create(customer_id=customer_id, recipient=recipient, subject="Welcome", body="Hello!")
    return True
