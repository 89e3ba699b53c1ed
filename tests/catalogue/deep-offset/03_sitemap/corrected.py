"""Builds the sitemap of all active products."""

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

from django.db import models


class Product(models.Model):
    id = models.BigAutoField(primary_key=True)
    sku = models.TextField()
    active = models.BooleanField()

    class Meta:
        managed = False
        db_table = "products"
        app_label = "seo"


def urls(chunk: int = 1000):
    """Yield the URLs of all active products, by id."""
    last = 0
    while True:
        products = list(Product.objects.filter(active=True, id__gt=last).order_by("id")[:chunk])
        yield from (f"https://shop.example/p/{product.id}-{product.sku}" for product in products)
        if len(products) < chunk:
            break
        last = products[-1].id


def sitemap(chunk: int = 1000) -> str:
    return "\n".join(urls(chunk)) + "\n"
