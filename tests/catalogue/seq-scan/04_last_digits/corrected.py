"""Order search of the telephone support: customers read out the last digits of their order number."""

import os

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict


def configure(dsn: str) -> None:
    if settings.configured:
        return
    info = conninfo_to_dict(dsn)
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": info.get("dbname"),
        "USER": info.get("user"),
        "PASSWORD": info.get("password"),
        "HOST": info.get("host"),
        "PORT": info.get("port"),
    }
    settings.configure(DATABASES={"default": database}, USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
    django.setup()


configure(os.environ.get("DATABASE_DSN", "postgresql:///shop"))

from django.db import models  # noqa: E402
from django.db.models.functions import Reverse  # noqa: E402


class Order(models.Model):
    tenant_id = models.BigIntegerField()
    number = models.CharField(max_length=24, unique=True)
    status = models.TextField()
    total = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        app_label = "shop"
        managed = False
        db_table = "orders"


def search(digits: str, limit: int = 10) -> list[str]:
    """Return the numbers of orders that end in these digits."""
    if not digits.isdigit() or len(digits) < 4:
        raise ValueError("at least four digits are needed")
    found = Order.objects.alias(reversed=Reverse("number")).filter(reversed__startswith=digits[::-1])
    return [order.number for order in found[:limit]]
