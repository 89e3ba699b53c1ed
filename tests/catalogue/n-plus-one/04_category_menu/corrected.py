"""The category menu with the number of products in each category."""

import os

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict


def configure(dsn: str) -> None:
    info = conninfo_to_dict(dsn)
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


if not settings.configured:
    configure(os.environ.get("DATABASE_DSN", "postgresql:///shop"))

from django.db import models


class Category(models.Model):
    id = models.AutoField(primary_key=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    name = models.TextField()
    slug = models.TextField(unique=True)

    class Meta:
        managed = False
        db_table = "categories"
        app_label = "menu"


class Product(models.Model):
    id = models.BigAutoField(primary_key=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="products")
    name = models.TextField()
    active = models.BooleanField(default=True)

    class Meta:
        managed = False
        db_table = "products"
        app_label = "menu"


def menu(parent_slug: str) -> list[tuple[str, int]]:
    """Sub-categories in alphabetical order, each with its number of active products."""
    children = Category.objects.filter(parent__slug=parent_slug).order_by("name")
    products = Product.objects.filter(active=True, category__in=children)
    counts = dict(products.values_list("category").annotate(models.Count("id")))
    return [(child.name, counts.get(child.id, 0)) for child in children]
