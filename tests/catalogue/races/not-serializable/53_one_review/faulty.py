"""Reviews of products: each customer has one for each product."""

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
from django.utils import timezone


class Review(models.Model):
    id = models.BigAutoField(primary_key=True)
    product_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    stars = models.SmallIntegerField()
    body = models.TextField(default="")
    approved = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        managed = False
        db_table = "reviews"
        app_label = "shop"


def review(product_id: int, customer_id: int, stars: int, body: str) -> bool:
    """Save a customer's review; the first one counts. Says whether it was saved."""
    if Review.objects.filter(product_id=product_id, customer_id=customer_id).exists():
        return False
    Review.objects.create(product_id=product_id, customer_id=customer_id, stars=stars, body=body)
    return True
