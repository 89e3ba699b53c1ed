"""A daemon that closes tickets on which nobody answered."""

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

import datetime

from django.db import close_old_connections, models
from django.utils import timezone


class Ticket(models.Model):
    id = models.BigAutoField(primary_key=True)
    tenant_id = models.BigIntegerField()
    status = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "tickets"
        app_label = "desk"


class Daemon:
    """`tick` is called each minute by the process manager's loop, which logs what it raises and goes on."""

    def __init__(self, tenant_id: int, days: int = 14) -> None:
        self.tenant_id = tenant_id
        self.days = days

    def tick(self) -> int:
        close_old_connections()  # there is no request that would do it
        before = timezone.now() - datetime.timedelta(days=self.days)
        stale = Ticket.objects.filter(tenant_id=self.tenant_id, status="waiting", updated_at__lt=before)
        return stale.update(status="closed", updated_at=timezone.now())
