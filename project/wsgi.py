"""The WSGI application that gunicorn serves. There is no ASGI one: it would spool every upload to disk first."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = get_wsgi_application()

from project.storage.objects import get_object_storage  # noqa: E402  # needs the apps

# What the first request would load otherwise: all routes with what they need, and the store's client.
import_module(settings.ROOT_URLCONF)
get_object_storage().warm_up()
