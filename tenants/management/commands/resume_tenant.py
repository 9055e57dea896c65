from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tenants.lookup import find_tenant
from tenants.services import resume_tenant


class Command(BaseCommand):
    help = "Let the keys of a suspended tenant work again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")

    def handle(self, *, slug: str, **options: Any) -> str:
        resume_tenant(tenant=find_tenant(slug))
        return f"{slug} is active."
