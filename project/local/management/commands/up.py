from __future__ import annotations

import os
import secrets
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from project.local.demo_tenant import DEMO_SLUG
from project.local.servers import StartFailed, run_system
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Run web server, worker, event streams and sender of webhooks on this machine until Ctrl-C, with an operator "
        "for the admin."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *, port: int, **options: Any) -> None:
        call_command("migrate", verbosity=0, skip_checks=False)
        Tenant.objects.get_or_create(slug=DEMO_SLUG, defaults={"name": "Demo"})
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            folder = Path(settings.VAR_DIR) / "log"
            with run_system(
                port=port, folder=folder, with_streams=True, with_webhooks=True, report=self._print
            ) as running:
                self._print(
                    f"API      {running.base_url}/api/docs\n"
                    f"Admin    {running.base_url}/admin/   user operator, {self._describe_operator_password()}\n"
                    f"Health   {running.base_url}/health/ready\n"
                    f"Logs     {settings.VAR_DIR}/log\n"
                    f"A key:   .venv/bin/python manage.py issue_api_key {DEMO_SLUG} --label me --scope admin\n"
                    "Ctrl-C stops everything."
                )
                running.wait_for_exit()
        except KeyboardInterrupt:
            return
        except StartFailed as exc:
            raise CommandError(str(exc)) from exc
        raise CommandError(f"A process ended by itself, so everything was stopped. See {settings.VAR_DIR}/log.")

    def _print(self, text: str) -> None:
        # At once, also into a pipe or a file.
        self.stdout.write(text)
        self.stdout.flush()

    def _describe_operator_password(self) -> str:
        """Return the password of the user `operator`, who is created at the first start; it stays the same after that.

        It is kept in a file for this user alone. A password that a person has set in the admin is not known here.
        """
        file = Path(settings.VAR_DIR) / "operator-password"
        rights = {"is_staff": True, "is_superuser": True}
        user, is_new = User.objects.get_or_create(username="operator", defaults=rights)
        if is_new:
            password = secrets.token_urlsafe(12)
            user.set_password(password)
            user.save(update_fields=["password"])
            file.unlink(missing_ok=True)
            with open(file, "x", opener=lambda path, flags: os.open(path, flags, mode=0o600)) as kept:
                kept.write(password)
        password = file.read_text() if file.exists() else ""
        if user.check_password(password):
            return f"password {password}"
        return "with the password that was set for it (a new one: .venv/bin/python manage.py changepassword operator)"
