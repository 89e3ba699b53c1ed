"""Drop-down of countries, by region."""

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


class Country(models.Model):
    code = models.CharField(max_length=2, primary_key=True)
    name = models.TextField()
    region = models.TextField()

    class Meta:
        managed = False
        db_table = "countries"
        app_label = "geo"


def choices(region: str | None = None) -> list[tuple[str, str]]:
    countries = Country.objects.order_by("name")
    if region:
        countries = countries.filter(region=region)
    return [(country.code, country.name) for country in countries]


def search(text: str) -> list[str]:
    return list(Country.objects.filter(name__icontains=text).values_list("code", flat=True))
