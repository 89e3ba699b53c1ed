import os
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings

url = urlsplit(os.environ.get("DATABASE_URL", "postgresql://localhost/shop"))
if not settings.configured:
    settings.configure(
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": url.hostname,
                "PORT": url.port,
                "USER": unquote(url.username or ""),
                "PASSWORD": unquote(url.password or ""),
                "NAME": url.path.lstrip("/"),
            }
        },
    )
    django.setup()

from django.db import models


class Customer(models.Model):
    id = models.BigAutoField(primary_key=True)
    tenant_id = models.BigIntegerField()
    email = models.TextField()
    name = models.TextField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "accounts"
        db_table = "customers"
        managed = False


class LoginFailed(Exception):
    pass


def customer_for_login(email: str) -> Customer:
    """The customer who logs in with this address; people type it in any case."""
    matches = Customer.objects.filter(email__iexact=email.strip(), deleted_at__isnull=True)
    customer = next(iter(matches.order_by()[:1]), None)
    if customer is None:
        raise LoginFailed(email)
    return customer
