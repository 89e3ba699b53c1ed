"""Signs up a new tenant."""

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


class Tenant(models.Model):
    id = models.BigAutoField(primary_key=True)
    slug = models.TextField(unique=True)
    name = models.TextField()
    plan = models.TextField(default="free")
    seats = models.IntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "tenants"
        app_label = "signup"


class Tag(models.Model):
    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    name = models.TextField()

    class Meta:
        managed = False
        db_table = "tags"
        app_label = "signup"


class Email(models.Model):
    id = models.BigAutoField(primary_key=True)
    recipient = models.TextField()
    subject = models.TextField()
    body = models.TextField()
    status = models.TextField(default="queued")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "emails"
        app_label = "signup"


DEFAULT_TAGS = ("bug", "question", "billing")


def sign_up(slug: str, name: str, owner_email: str) -> int:
    with transaction.atomic():
        tenant = Tenant.objects.create(slug=slug, name=name)
        Tag.objects.bulk_create([Tag(tenant=tenant, name=tag) for tag in DEFAULT_TAGS])
        Email.objects.create(recipient=owner_email, subject=f"Welcome, {name}!", body="Your shop is ready.")
    return tenant.pk
