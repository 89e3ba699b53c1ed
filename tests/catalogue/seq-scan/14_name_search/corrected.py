"""Customer search of the back office."""

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
                "OPTIONS": {k: v for k, v in info.items() if k in ("user", "password", "host", "port")},
            }
        }
    )
    django.setup()

from django.db import models


class Customer(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.TextField()
    email = models.TextField()
    segment = models.TextField()

    class Meta:
        managed = False
        db_table = "customers"
        app_label = "backoffice"

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


def search(text: str, limit: int = 25) -> list[str]:
    """Customers whose name contains the text."""
    text = text.strip()
    if len(text) < 3:
        return []
    found = Customer.objects.filter(name__icontains=text)[:limit]
    return [str(customer) for customer in found]
