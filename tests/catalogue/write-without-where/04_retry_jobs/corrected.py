"""Management command: give failed jobs another chance."""

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


class Job(models.Model):
    id = models.BigAutoField(primary_key=True)
    queue = models.TextField()
    status = models.TextField()
    attempts = models.SmallIntegerField()
    run_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "jobs"
        app_label = "queue"


def retry_failed() -> str:
    failed = Job.objects.filter(status="failed")
    changed = failed.update(status="ready", attempts=0, run_at=timezone.now())
    return f"{changed} jobs will be tried again"
