"""The settings of the product with the test jobs added, for tests and for the processes that they start."""

from project.settings import *  # noqa: F403
from project.settings import BASE_DIR
from project.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "tests.jobs.app.TestJobsConfig"]
WHISPER_MODEL = str(BASE_DIR / "tests" / "data" / "media" / "whisper-nano")
WHITENOISE_AUTOREFRESH = True  # no look at every static file for each client of a test
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the usual one takes half a second for each
