"""Django's `flush`, quicker: it runs after every test that commits."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections

KEPT = {"django_migrations", "django_content_type", "auth_permission"}
"""What migrations make, and only they."""


class Command(flush.Command):
    """Empty the tables by DELETE, which takes a tenth of TRUNCATE's time for a few rows."""

    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
        quoted = [connection.ops.quote_name(table) for table in sorted(tables)]
        with connection.cursor() as cursor:
            cursor.execute("; ".join(["BEGIN", *(f"DELETE FROM {table}" for table in quoted), "COMMIT"]))  # noqa: S608
