"""Reviews of products; how many there are is kept with the product, for the lists."""

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

from django.db import models, transaction
from django.utils import timezone


class Product(models.Model):
    id = models.BigAutoField(primary_key=True)
    attributes = models.JSONField(default=dict)

    class Meta:
        managed = False
        db_table = "products"
        app_label = "shop"


class Review(models.Model):
    id = models.BigAutoField(primary_key=True)
    product = models.ForeignKey(Product, models.CASCADE)
    customer_id = models.BigIntegerField()
    stars = models.SmallIntegerField()
    body = models.TextField(default="")
    approved = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        managed = False
        db_table = "reviews"
        app_label = "shop"


@transaction.atomic
def add_review(product_id: int, customer_id: int, stars: int) -> None:
    product = Product.objects.select_for_update().get(pk=product_id)
    Review.objects.create(product_id=product_id, customer_id=customer_id, stars=stars)
    product.attributes["reviews"] = Review.objects.filter(product_id=product_id).count()
    product.save(update_fields=["attributes"])
