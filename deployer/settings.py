"""Django's settings: wiring only. What an operator may set is described in `deployer.env`."""

import logging
import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
import sentry_sdk
import structlog

from deployer.env import BASE_DIR, Env, EnvError, read_env
from deployer.integrations.queue_server import embedded_url

try:
    ENV: Env = read_env()
except EnvError as error:
    sys.exit(f"Deployer cannot start:\n{error}")

DATA_DIR: Path = ENV.DATA_DIR
DATA_DIR.mkdir(parents=True, exist_ok=True)


def _secret_key() -> str:
    """The given key; without one, a key made once and kept where only this user reads it."""
    if ENV.SECRET_KEY:
        return ENV.SECRET_KEY
    path = DATA_DIR / "secret_key"
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()


DEBUG = ENV.DEBUG
SECRET_KEY = _secret_key()
BASE_URL = ENV.BASE_URL
ALLOWED_HOSTS = [*ENV.ALLOWED_HOSTS, str(urlsplit(BASE_URL).hostname)]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
ROOT_URLCONF = "deployer.urls"
WSGI_APPLICATION = "deployer.wsgi.application"
SITE_NAME = ENV.ORGANISATION
COLOUR = ENV.COLOUR

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "social_django",
    "django_rq",
    "rest_framework",
    "drf_spectacular",
    "deployer.audit",
    "deployer.access",
    "apps_registry",
    "deployer.releases",
    "deployer.tracking",
    "deployer.calendar",
    "deployer.promotions",
    "deployer.notifications",
    "deployer.web",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "deployer.web.middleware.PermissionsPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "deployer.web.live.middleware.LiveMiddleware",
    "deployer.web.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "deployer.web.context.site",
            ],
        },
    },
]

# IMMEDIATE takes the write lock when a transaction begins: row locks, which SQLite lacks, become the
# database's one lock, and no transaction fails half-way because it read before it wrote.
_SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}

# Statements are prepared, so that what is asked again is not planned again: a quarter of a wake-up's time. And a host
# that freezes or vanishes within a transaction keeps an environment's lock no longer than a lease. A pooler in between
# must know both: PgBouncer 1.21 or newer, with max_prepared_statements and with ignore_startup_parameters = options.
_POSTGRESQL_OPTIONS: dict[str, Any] = {
    "server_side_binding": True,
    "prepare_threshold": 5,
    # Compiling a query takes longer than any of these does.
    "options": f"-c jit=off -c idle_in_transaction_session_timeout={round(ENV.LEASE_SECONDS * 1000)}",
}

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        ENV.DATABASE_URL or f"sqlite:///{DATA_DIR / 'deployer.sqlite3'}", conn_max_age=60, conn_health_checks=True
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = _SQLITE_OPTIONS
    # In a file, as in production: tests that write from several threads need its locks. One for each run of tests.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / f"test-{os.getpid()}.sqlite3"}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"]["OPTIONS"] = _POSTGRESQL_OPTIONS | DATABASES["default"].get("OPTIONS", {})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The queue carries ids and nothing else; the database is the truth (docs/architecture.md).
REDIS_URL = ENV.REDIS_URL or embedded_url(DATA_DIR)
_QUEUE = {
    "URL": REDIS_URL,
    "DEFAULT_TIMEOUT": 300,
    "DEFAULT_RESULT_TTL": 0,
    "SERIALIZER": "rq.serializers.JSONSerializer",
}
RQ_QUEUES = {"engine": _QUEUE, "effects": _QUEUE, "notices": _QUEUE}
RQ = {"COMMIT_MODE": "auto"}

AUTH_USER_MODEL = "access.User"
# In a signed cookie and never in the session table: the secret of a new API token is shown by a message.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "board"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOCAL_PASSWORD_SIGN_IN = ENV.LOCAL_PASSWORD_SIGN_IN

# Sign-in by a provider (docs/access.md). Pages offer only those that are set up; sessions are the first backend's.
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "deployer.access.sign_in.backends.OpenIdConnect",
    "deployer.access.sign_in.backends.GitHub",
]
SIGN_IN_PROVIDERS: dict[str, str] = {
    **({"oidc": ENV.OIDC_LABEL} if ENV.OIDC_ISSUER else {}),
    **({"github": "GitHub"} if ENV.GITHUB_CLIENT_ID else {}),
}
SOCIAL_AUTH_PIPELINE = (
    "social_core.pipeline.social_auth.social_details",
    "social_core.pipeline.social_auth.social_names",
    "social_core.pipeline.social_auth.social_uid",
    "apps_registry.sign_in.sign_in",
)
SOCIAL_AUTH_REQUESTS_TIMEOUT = ENV.HTTP_TIMEOUT_SECONDS
SOCIAL_AUTH_OIDC_OIDC_ENDPOINT = ENV.OIDC_ISSUER
SOCIAL_AUTH_OIDC_KEY = ENV.OIDC_CLIENT_ID
SOCIAL_AUTH_OIDC_SECRET = ENV.OIDC_CLIENT_SECRET
SOCIAL_AUTH_OIDC_SCOPE = list(ENV.OIDC_SCOPES)
SOCIAL_AUTH_OIDC_IGNORE_DEFAULT_SCOPE = True
SOCIAL_AUTH_OIDC_GROUPS_KEY = ENV.OIDC_GROUPS_CLAIM or None
SOCIAL_AUTH_OIDC_GROUPS_MISSING_AS_EMPTY = True
SOCIAL_AUTH_GITHUB_KEY = ENV.GITHUB_CLIENT_ID
SOCIAL_AUTH_GITHUB_SECRET = ENV.GITHUB_CLIENT_SECRET
SOCIAL_AUTH_GITHUB_SCOPE = ["read:org", "user:email"]
SOCIAL_AUTH_GITHUB_AUTHORIZATION_URL = f"{ENV.GITHUB_BASE_URL}/login/oauth/authorize"
SOCIAL_AUTH_GITHUB_ACCESS_TOKEN_URL = f"{ENV.GITHUB_BASE_URL}/login/oauth/access_token"
GITHUB_BASE_URL = ENV.GITHUB_BASE_URL
GITHUB_API_BASE_URL = ENV.GITHUB_API_BASE_URL
GITHUB_ORGANISATIONS = ENV.GITHUB_ORGANISATIONS
ADMIN_GROUPS = ENV.ADMIN_GROUPS
RELEASE_MANAGER_GROUPS = ENV.RELEASE_MANAGER_GROUPS
DEVELOPER_GROUPS = ENV.DEVELOPER_GROUPS

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https:")
# Lax, because a provider sends people back by a link from its own site; a page of theirs can't send a form with it.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
# Of this host alone. A browser keeps to it for a month after it last saw the site.
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if SESSION_COOKIE_SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
    }
}
# Browsers also ask form-action where a form's answer redirects to. The buttons of sign-in lead to the provider, which
# may send people on to the host of their organisation.
SIGN_IN_FORM_ACTION = [
    *(["https:"] if SIGN_IN_PROVIDERS else []),
    *([_origin(ENV.OIDC_ISSUER)] if ENV.OIDC_ISSUER else []),
    *([_origin(ENV.GITHUB_BASE_URL)] if ENV.GITHUB_CLIENT_ID else []),
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "deployer.access.api.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["deployer.access.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "deployer.access.problems.problem_response",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Deployer",
    "DESCRIPTION": "Register a release and Deployer carries it from environment to environment.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
# Served from where they lie, so that there is no step to forget.
WHITENOISE_USE_FINDERS = True
STATICFILES_DIRS = [BASE_DIR / "static"]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = ENV.TIME_ZONE
USE_I18N = True
USE_TZ = True


def _email(url: str) -> dict[str, Any]:
    """Django's e-mail settings from one URL: smtp://user:password@host:587, smtps://…, file:///folder or console:."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": parts.path}
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme not in ("smtp", "smtps"):
        sys.exit("EMAIL_URL: must be a URL such as smtp://user:password@host:587 or file:///var/mail/deployer.")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or 587,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp" and parts.hostname not in ("127.0.0.1", "localhost"),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }


globals().update(_email(ENV.EMAIL_URL or f"file://{DATA_DIR / 'mail'}"))
DEFAULT_FROM_EMAIL = f"{SITE_NAME} <deployer@{urlsplit(BASE_URL).hostname}>"

FALLBACK_EMAIL = ENV.FALLBACK_EMAIL
SLACK_TOKEN = ENV.SLACK_TOKEN
SLACK_API_URL = ENV.SLACK_API_URL

LEASE_SECONDS = ENV.LEASE_SECONDS
REQUEUE_SECONDS = ENV.REQUEUE_SECONDS
CLOCK_TICK_SECONDS = ENV.CLOCK_TICK_SECONDS
RECHECK_SECONDS = ENV.RECHECK_SECONDS
HTTP_TIMEOUT_SECONDS = ENV.HTTP_TIMEOUT_SECONDS
# A job past this is ended by RQ's alarm; every adapter gives up long before.
JOB_TIMEOUT_SECONDS = 3600
COMMAND_DIR = ENV.COMMAND_DIR
COMMAND_RUNS_DIR = DATA_DIR / "runs"

_RENDERER: Any = (
    structlog.processors.JSONRenderer() if ENV.LOG_FORMAT == "json" else structlog.dev.ConsoleRenderer(colors=False)
)
_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[*_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _PROCESSORS,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _RENDERER,
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"rq.worker": {"level": "WARNING"}},
}
logging.captureWarnings(capture=True)

if ENV.SENTRY_DSN:
    # Local variables may hold a token or a connection's secret.
    sentry_sdk.init(dsn=ENV.SENTRY_DSN, include_local_variables=False, max_request_body_size="never")
