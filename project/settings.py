"""Settings. Every value that differs between machines comes from the environment; `.env.example` lists them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured

from project import env, logs
from project.http.schema_tags import TAGS
from project.processes.confinement import protect_memory

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

DEBUG = env.get_bool("DEBUG", default=True)
VAR_DIR = Path(env.get_text("VAR_DIR", str(BASE_DIR / "var")))

if not DEBUG:
    protect_memory()  # keys are in the environment, which other processes of the same user could read

# --- Identity ---------------------------------------------------------------------------------------------------------

_DEVELOPMENT_KEY = "not-a-secret: development only"
SECRET_KEY = env.get_secret("SECRET_KEY", _DEVELOPMENT_KEY if DEBUG else "")
# The bound of Django's own deployment check (security.W009), which only warns.
if not DEBUG and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        f"DEBUG=0 needs SECRET_KEY with at least 50 characters; {len(SECRET_KEY) or 'none'} are set. Make one with: "
        'python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )
ALLOWED_HOSTS = env.get_list("ALLOWED_HOSTS", "127.0.0.1,[::1]" if DEBUG else "")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("DEBUG=0 needs ALLOWED_HOSTS: the host names that nginx passes on, separated by commas.")
ALLOWED_HOSTS.append("localhost")  # the image's own health check asks from inside
CSRF_TRUSTED_ORIGINS = env.get_list("CSRF_TRUSTED_ORIGINS")

# Pages of these origins may use the API from a browser. Never `*`: operators say who.
CORS_ALLOWED_ORIGINS = env.get_origins("CORS_ORIGINS")
CORS_URLS_REGEX = r"^/api/v1/"
# A key authenticates, no cookie: a browser sends none along, so that a person's log-in to the admin opens nothing.
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-disposition",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "if-range",
    "last-event-id",
    "range",
    "x-api-key",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = [
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "Deprecation",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "X-Request-Id",
    "X-Storage-Warning",
]
# Two hours, the longest that Chromium remembers an answer (WHATWG Fetch leaves it to browsers).
CORS_PREFLIGHT_MAX_AGE = 7200

# --- What it is made of -----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "project.admin_app.AdminSiteConfig",  # unfold, with our admin site
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "django_q",
    "tenants",
    "project.jobs",
    "llm",
    "materials",
    "structures",
    "project.streams",
    "project.local",
]
MIDDLEWARE = [
    # First, so that its log line and headers cover what the others refuse.
    "project.http.requests.RequestMiddleware",
    # Outside all that refuses, so that a page reads why; it answers preflights, which carry no key.
    "project.http.cors.PreflightMiddleware",
    # Before anything reads a body, which Django would take for empty.
    "project.http.content_length.ContentLengthMiddleware",
    "project.http.content_security.ContentSecurityMiddleware",
    "project.http.deprecation.DeprecationMiddleware",
    # Outside all that reads or streams, so that it sees where both end.
    "project.http.transfers.TransferMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    # Outside what announces the length of an answer: one without a body has none.
    "project.http.etags.ETagMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------------------------------

_DATABASE_URL = env.get_secret("DATABASE_URL")
if _DATABASE_URL:
    _database: dict[str, Any] = env.parse_database_url(_DATABASE_URL)
elif DEBUG:
    _database = {"ENGINE": "project.db.embedded", "HOME": str(VAR_DIR / "postgresql"), "NAME": "coursewright"}
else:
    raise ImproperlyConfigured(
        "DEBUG=0 needs DATABASE_URL, because the embedded PostgreSQL is for development only. "
        "Example: DATABASE_URL=postgresql://coursewright:password@postgres:5432/coursewright"
    )
# A connection over a network whose other end is gone without a word is given up after a minute at most: libpq would
# wait for hours. A Unix socket ignores these. DATABASE_URL may say otherwise.
_database["OPTIONS"] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    **_database.get("OPTIONS", {}),
}
# A new connection is a new process of PostgreSQL, so threads keep theirs for a minute. The check spares the first
# request after a restart of the database an error.
DATABASES = {"default": {**_database, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"  # for Django's own tables; ours have UUIDv7 keys

# --- Files ------------------------------------------------------------------------------------------------------------

OBJECTS_DIR = Path(env.get_text("OBJECTS_DIR", str(VAR_DIR / "objects")))
_S3_ENDPOINT_URL = env.get_text("S3_ENDPOINT_URL")
S3_OPTIONS: dict[str, Any] = {
    "bucket_name": env.get_text("S3_BUCKET"),
    "endpoint_url": _S3_ENDPOINT_URL or None,
    "region_name": env.get_text("S3_REGION") or None,
    "addressing_style": env.get_text("S3_ADDRESSING_STYLE", "path" if _S3_ENDPOINT_URL else "auto"),
    "access_key": env.get_secret("S3_ACCESS_KEY_ID") or None,
    "secret_key": env.get_secret("S3_SECRET_ACCESS_KEY") or None,
}
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "project.storage.s3.S3ObjectStorage", "OPTIONS": S3_OPTIONS}
    if S3_OPTIONS["bucket_name"]
    else {"BACKEND": "project.storage.objects.FileSystemObjectStorage", "OPTIONS": {"location": str(OBJECTS_DIR)}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = DEBUG
S3_PUBLIC_ENDPOINT_URL = env.get_text("S3_PUBLIC_ENDPOINT_URL")
S3_CHECKSUM_HEADERS = env.get_bool("S3_CHECKSUM_HEADERS", default=True)
UPLOAD_MAX_BYTES = env.get_size("UPLOAD_MAX_BYTES", "2GB")
DOCUMENT_MAX_BYTES = env.get_size("DOCUMENT_MAX_BYTES", "200MB")
# A choice: an upload that broke off in the evening can be continued on the next day.
UPLOAD_HOURS = env.get_integer("UPLOAD_HOURS", 24, minimum=1)
# One response has URLs for up to 100 parts of 10 MiB; to send them in an hour takes 2.3 Mbit/s. Slower clients read the
# upload again. A download only has to begin in time, and whoever has its URL can read the file.
UPLOAD_URL_SECONDS = env.get_integer("UPLOAD_URL_SECONDS", 3600, minimum=60)
DOWNLOAD_URL_SECONDS = env.get_integer("DOWNLOAD_URL_SECONDS", 300, minimum=10)
IMPORT_MAX_BYTES = env.get_size("IMPORT_MAX_BYTES", "5GB")
IMPORT_MAX_UNPACKED_BYTES = env.get_size("IMPORT_MAX_UNPACKED_BYTES", "20GB")
IMPORT_MAX_FILES = env.get_integer("IMPORT_MAX_FILES", 20_000, minimum=1)

# --- The web ----------------------------------------------------------------------------------------------------------

FETCH_ALLOWED_HOSTS = env.get_list("FETCH_ALLOWED_HOSTS")
FETCH_CONTACT = env.get_text("FETCH_CONTACT")
FETCH_PAUSE_SECONDS: float = env.get_integer("FETCH_PAUSE_SECONDS", 1)
PLATFORMS_FILE = Path(env.get_text("PLATFORMS_FILE", str(BASE_DIR / "config" / "platforms.yaml")))

# --- Jobs -------------------------------------------------------------------------------------------------------------

Q_BROKER_URL = env.get_secret("Q_BROKER_URL")
QUEUES = {"light": "coursewright", "heavy": "coursewright-heavy"}
# Half as long again as the longest accepted recording plays (MEDIA_MAX_MINUTES, 8 hours).
HEAVY_JOB_SECONDS = env.get_integer("HEAVY_JOB_SECONDS", 12 * 3600, minimum=60)
HEAVY_WINDOW = env.get_daily_hours("HEAVY_WINDOW")
HEAVY_TIME_ZONE = env.get_time_zone("HEAVY_TIME_ZONE", "UTC")
Q_CLUSTER: dict[str, Any] = {
    "name": QUEUES["light"],
    "label": "Queue",
    "workers": env.get_integer("WORKER_PROCESSES", max(2, min(8, env.count_processors())), minimum=1),
    # What is not said here holds for the heavy cluster as well. Its workers are new for each task: memory comes back.
    "ALT_CLUSTERS": {
        QUEUES["heavy"]: {
            "workers": env.get_integer("HEAVY_WORKER_PROCESSES", 1, minimum=1),
            "timeout": HEAVY_JOB_SECONDS,
            "retry": HEAVY_JOB_SECONDS + 24 * 3600,
            "recycle": 1,
        }
    },
    # One message at a time: what a busy worker has fetched ahead, no other can take.
    "queue_limit": 1,
    "bulk": 1,
    "poll": 0.2,  # how soon a job begins, for one query by each idle cluster
    # The Job row decides what runs again (project.jobs); a message only wakes a worker.
    "max_attempts": 1,
    "ack_failures": True,
    # A last resort against jobs that hang. The leases of jobs notice workers that die much sooner.
    "timeout": 6 * 3600,
    # django-q2 delivers a message again after this, so it has to be longer than `timeout`.
    "retry": 24 * 3600,
    # Light workers load Django once for so many jobs; what libraries leak ends with them.
    "recycle": 100,
    # No row for each message that succeeded: the Job row is the record.
    "save_limit": -1,
    "catch_up": False,
    # Its table of schedules runs any function that a row names. Periodic tasks are our own (project.jobs).
    "scheduler": False,
    **(
        {"broker_class": "project.redis_broker.RedisBroker"}
        if Q_BROKER_URL
        else {"broker_class": "project.database_broker.DatabaseBroker", "orm": "default"}
    ),
}
# How long a model's answer is kept for whoever asks the same again, after the last generation that used it.
ANSWER_CACHE_DAYS = env.get_integer("ANSWER_CACHE_DAYS", 90, minimum=0)
# The largest file of one export, and how long it is kept after somebody asked for it or downloaded it.
EXPORT_MAX_BYTES = env.get_size("EXPORT_MAX_BYTES", "5GB")
EXPORT_DAYS = env.get_integer("EXPORT_DAYS", 30, minimum=1)
# Questions of one generation at a time, where the provider allows so many. Each takes a connection to the database.
GENERATION_CONCURRENCY = env.get_integer("GENERATION_CONCURRENCY", 8, minimum=1)
WORKER_PATIENCE_SECONDS = env.get_integer("WORKER_PATIENCE_SECONDS", 15, minimum=1)
# Less than `stop_grace_period` of the workers in compose.yaml (16 minutes), after which Docker kills them.
WORKER_GRACE_SECONDS = env.get_integer("WORKER_GRACE_SECONDS", 900, minimum=1)
JOB_LEASE_SECONDS = env.get_integer("JOB_LEASE_SECONDS", 30, minimum=3)
JOB_OUTAGE_HOURS = env.get_integer("JOB_OUTAGE_HOURS", 24, minimum=1)

# --- Models -----------------------------------------------------------------------------------------------------------

MODELS_FILE = Path(env.get_text("MODELS_FILE", str(BASE_DIR / "config" / "models.yaml")))
# Free: a server of one's own. With models that cost money, nobody should pay for search who does not search.
EMBED_AFTER_INGESTION = env.get_choice("EMBED_AFTER_INGESTION", "free", ("never", "free", "always"))
PROMPTS_DIR = Path(env.get_text("PROMPTS_DIR", str(BASE_DIR / "config" / "prompts")))

# --- Recordings -------------------------------------------------------------------------------------------------------

MEDIA_MAX_MINUTES = env.get_integer("MEDIA_MAX_MINUTES", 480, minimum=1)
WHISPER_MODEL = env.get_text("WHISPER_MODEL", "small")
WHISPER_DOWNLOAD = env.get_bool("WHISPER_DOWNLOAD", default=False)
WHISPER_DEVICE = env.get_choice("WHISPER_DEVICE", "auto", ("auto", "cpu", "cuda"))
WHISPER_COMPUTE_TYPE = env.get_text("WHISPER_COMPUTE_TYPE", "int8")
WHISPER_THREADS = env.get_integer("WHISPER_THREADS", 0)
WHISPER_BATCH_SIZE = env.get_integer("WHISPER_BATCH_SIZE", 1, minimum=1)
GEMINI_MAX_MINUTES = env.get_integer("GEMINI_MAX_MINUTES", 20)
GEMINI_MAX_BYTES = env.get_size("GEMINI_MAX_BYTES", "2GB")
KEY_FRAMES_PER_MINUTE = env.get_integer("KEY_FRAMES_PER_MINUTE", 12)
DESCRIBE_AT_ONCE = env.get_integer("DESCRIBE_AT_ONCE", 4, minimum=1)
DESCRIBE_MOST_PICTURES = env.get_integer("DESCRIBE_MOST_PICTURES", 300, minimum=1)
PLATFORM_VIDEOS = env.get_bool("PLATFORM_VIDEOS", default=False)

# --- API --------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.permissions.HasScope", "tenants.restrictions.StaysInside"],
    "DEFAULT_FILTER_BACKENDS": ["tenants.restrictions.ShowsInside"],
    "DEFAULT_THROTTLE_CLASSES": ["tenants.throttling.KeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["project.http.parsers.StrictJSONParser"],
    "DEFAULT_METADATA_CLASS": "project.http.metadata.MethodsMetadata",
    "DEFAULT_PAGINATION_CLASS": "project.http.pagination.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "project.http.schema.DescribedSchema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "project.http.negotiation.StrictNegotiation",
    "EXCEPTION_HANDLER": "project.http.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,  # DRF would make an AnonymousUser; the API has tenants, not users
    "URL_FORMAT_OVERRIDE": "format",
    "COERCE_DECIMAL_TO_STRING": True,  # amounts of money are exact as strings, not as JSON numbers
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Coursewright",
    "DESCRIPTION": "Course materials in, a grounded course structure out.",
    "VERSION": VERSION,
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "CONTACT": {"name": "The operator of this server"},
    "SERVERS": [{"url": "/", "description": "The server that this document came from."}],
    "TAGS": TAGS,
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    # The files of the documentation page come from this server, not from a CDN.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "project.http.schema_problems.expand_placeholders",
    ],
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "EntryStateEnum": "materials.serializers.ENTRY_STATES",
        "ChunkKindEnum": "materials.chunks.serializers.CHUNK_KINDS",
        "LeftOutKindEnum": "materials.serializers.LEFT_OUT_KINDS",
        "UploadStateEnum": "materials.uploads.serializers.UPLOAD_STATES",
        "KeyModeEnum": "tenants.keys.KEY_MODES",
        "EventTypeEnum": "tenants.events.serializers.EVENT_TYPES",
        "JobStatusEnum": "project.jobs.models.JobStatus",
        "DeliveryKindEnum": "tenants.models.DeliveryKind",
        "DeliveryStatusEnum": "tenants.models.DeliveryStatus",
        "CopyStatusEnum": "structures.models.CopyStatus",
        "ExportStateEnum": "structures.export_files.serializers.EXPORT_STATES",
        "TreeChangeStateEnum": "structures.models.TreeChangeState",
    },
}
# An upload or download holds a thread for as long as its client sends or receives (docs/decisions/0051).
WEB_THREADS = env.get_integer("WEB_THREADS", 16, minimum=4)
TRANSFERS_AT_ONCE = env.get_integer("TRANSFERS_AT_ONCE", WEB_THREADS // 2, minimum=1)
TRANSFERS_PER_TENANT = env.get_integer("TRANSFERS_PER_TENANT", WEB_THREADS // 4, minimum=1)
# 64 kbit/s: below every line that is still in use. The longest upload, of 2 GB, takes three days at that.
UPLOAD_MIN_RATE = env.get_size("UPLOAD_MIN_RATE", "8kB", minimum=1)
# Requests that wait, in the process that has them (docs/decisions/0087): some 11 kB of memory each.
STREAMS_AT_ONCE = env.get_integer("STREAMS_AT_ONCE", 10_000, minimum=1)
STREAMS_PER_TENANT = env.get_integer("STREAMS_PER_TENANT", 500, minimum=1)
# Where the web server hands such requests over; behind the nginx of `config/nginx` it never has one.
STREAMS_SOCKET = env.get_text("STREAMS_SOCKET", str(VAR_DIR / "streams.sock") if DEBUG else "")
# Exact with one web process (docs/decisions/0007, 0010).
RATE_LIMIT_URL = env.get_secret("RATE_LIMIT_URL", "memory://")
ANONYMOUS_REQUESTS_PER_MINUTE = env.get_integer("ANONYMOUS_REQUESTS_PER_MINUTE", 60, minimum=1)
# As long as Stripe keeps them at least: a client that was down overnight sends its requests again in the morning.
IDEMPOTENCY_HOURS = env.get_integer("IDEMPOTENCY_HOURS", 24, minimum=1)
# As long as a project of integrating takes, and no longer than data that nobody needs should be kept.
SANDBOX_DAYS = env.get_integer("SANDBOX_DAYS", 30, minimum=1)
SANDBOX_QUOTA_BYTES = env.get_size("SANDBOX_QUOTA_BYTES", "1GB")
# As long as webhooks are kept by those who send them: a consumer that was down for a month reads anew.
EVENT_DAYS = env.get_integer("EVENT_DAYS", 30, minimum=1)
# A working week and a weekend: time enough to hand a new key over.
KEY_NOTICE_DAYS = env.get_integer("KEY_NOTICE_DAYS", 7, minimum=1)
# How many people must approve a snapshot before it can be published.
APPROVALS_REQUIRED = env.get_integer("APPROVALS_REQUIRED", 1, minimum=1)
# A reader who opens evidence and plays a recording makes some ten requests a minute; a class behind one IP address has
# thirty of them.
SHARED_REQUESTS_PER_MINUTE = env.get_integer("SHARED_REQUESTS_PER_MINUTE", 300, minimum=1)
TRUSTED_PROXIES = env.get_integer("TRUSTED_PROXIES", 0 if DEBUG else 1)
# Hosts that webhooks are sent to although they are not public or have no https, such as a receiver on this machine.
WEBHOOK_ALLOWED_HOSTS = env.get_list("WEBHOOK_ALLOWED_HOSTS")
# Requests at a time of one `manage.py deliver_webhooks`. Each takes a thread that mostly waits, up to 15 s.
WEBHOOK_THREADS = env.get_integer("WEBHOOK_THREADS", 32, minimum=1)
SCOPES_FILE = BASE_DIR / "config" / "scopes.yaml"

# --- Admin ------------------------------------------------------------------------------------------------------------

LOGIN_REDIRECT_URL = "/admin/"  # Django's own is a page that does not exist here
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Of a form. That of a lesson has an input for each item of seven lists of up to 500 (`structures.editing.fields`).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
UNFOLD = {
    "SITE_TITLE": "Coursewright",
    "SITE_HEADER": "Coursewright",
    "SITE_URL": "/api/docs",
    "SITE_DROPDOWN": [{"title": "Courses", "link": "/admin/courses/"}, {"title": "API", "link": "/api/docs"}],
    "SHOW_HISTORY": False,
}

# --- Security ---------------------------------------------------------------------------------------------------------

HTTPS = env.get_bool("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
# Health checks reach the web server inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^health/"]
# Without a proxy any client could send this header, and pass for one that uses TLS.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
# A year, the least that browsers' preload lists accept (hstspreload.org), with subdomains.
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"

# --- Language, time, logs ---------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
LOG_LEVEL = env.get_text("LOG_LEVEL", "INFO").upper()
LOGGING = logs.configure_logging(json=env.get_bool("LOG_JSON", default=not DEBUG), level=LOG_LEVEL)
