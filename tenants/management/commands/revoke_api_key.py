from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tenants.lookup import find_api_key
from tenants.services import revoke_api_key


class Command(BaseCommand):
    help = "Refuse a key from now on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="prefix of the key as it is listed, its id, or the key itself")

    def handle(self, *, key: str, **options: Any) -> str:
        found = find_api_key(key)
        revoke_api_key(key=found)
        return f"Key {found.prefix} of {found.tenant.slug} is revoked."
