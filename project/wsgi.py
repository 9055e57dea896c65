"""The WSGI application that gunicorn serves. There is no ASGI one: it would spool every upload to disk first."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = get_wsgi_application()
