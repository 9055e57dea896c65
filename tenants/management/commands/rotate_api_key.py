from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.errors import TenantRefused
from tenants.lookup import find_api_key, parse_duration
from tenants.services import rotate_api_key


class Command(BaseCommand):
    help = "Issue a successor to a key and print its secret, once. The old key works on for a while."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="prefix of the key as it is listed, its id, or the key itself")
        parser.add_argument("--overlap", metavar="SPAN", default="24h", help="how long the old key works on (24h)")

    def handle(self, *, key: str, overlap: str, **options: Any) -> str:
        old = find_api_key(key)
        try:
            issued = rotate_api_key(key=old, overlap=parse_duration(overlap))
        except TenantRefused as exc:
            raise CommandError(f"{exc} {exc.next_step}") from exc
        self.stderr.write(f"Key {issued.key.prefix} replaces {old.prefix}, which works for {overlap} more:")
        return issued.secret
