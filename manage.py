#!/usr/bin/env python
"""Run a management command."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        settings.DEBUG  # noqa: B018  # reads the settings, which say in one sentence what is wrong with them
    except ImproperlyConfigured as exc:
        sys.exit(f"The settings cannot be used: {exc}")
    execute_from_command_line(sys.argv)
