"""Django settings: one file, every value a typed reading of the environment.

Each variable read here is described in the README's settings table; a test compares the two.
"""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from chatapp import env
from guardrails.llama_guard import family_of

BASE_DIR = Path(__file__).resolve().parent.parent

# --- the site -------------------------------------------------------------------------------

VAR_DIR = Path(env.text("VAR_DIR") or BASE_DIR / "var")
DEBUG = env.flag("DEBUG")
LISTEN_HOST = env.text("LISTEN_HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, least=1)
WEB_PROCESSES = env.integer("WEB_PROCESSES", 1, least=1)
PROXY_ADDRESSES = env.words("PROXY_ADDRESSES", "127.0.0.1")
PUBLIC_URL = env.url("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [urlsplit(PUBLIC_URL).hostname or ""]


def _secret_key() -> str:
    key = env.text("SECRET_KEY")
    kept = VAR_DIR / "secret_key"
    if not key and kept.is_file():
        key = kept.read_text(encoding="utf-8").strip()
    if len(key) < 32:
        raise ImproperlyConfigured(
            f"Set SECRET_KEY (32 characters or more), or let `make run` write {kept}."
        )
    return key


SECRET_KEY = _secret_key()

# --- the servers that it talks to -----------------------------------------------------------

REDIS_URL = env.url("REDIS_URL", "redis://127.0.0.1:6379/0", ("redis", "rediss", "unix"))
CHROMA_URL = env.url("CHROMA_URL", "http://127.0.0.1:8001")
INFERENCE_URL = env.url("INFERENCE_URL", "http://127.0.0.1:8002")
MODEL_URL = env.url("MODEL_URL", "http://127.0.0.1:8003")
MODEL_KIND = env.choice("MODEL_KIND", "openai", ("openai", "ollama"))
MODEL_NAME = env.text("MODEL_NAME")
MODEL_API_KEY = env.text("MODEL_API_KEY")
MODEL_IS_DEMO = env.flag("MODEL_IS_DEMO")
MODEL_CONTEXT_TOKENS = env.integer("MODEL_CONTEXT_TOKENS", 4096, least=512)
MODEL_ANSWER_TOKENS = env.integer("MODEL_ANSWER_TOKENS", 512, least=0)
MODEL_PARALLEL = env.integer("MODEL_PARALLEL", 0)
MODEL_TIMEOUT_SECONDS = env.real("MODEL_TIMEOUT_SECONDS", 60.0, least=1.0)
GUARD_MODEL_URL = env.url("GUARD_MODEL_URL", "")
GUARD_MODEL_KIND = env.choice("GUARD_MODEL_KIND", "openai", ("openai", "ollama"))
GUARD_MODEL_NAME = env.text("GUARD_MODEL_NAME")
if GUARD_MODEL_URL:
    try:
        family_of(GUARD_MODEL_NAME)
    except ValueError as error:
        raise ImproperlyConfigured(f"GUARD_MODEL_NAME: {error}") from None
GUARD_MODEL_API_KEY = env.text("GUARD_MODEL_API_KEY")
GUARD_TIMEOUT_SECONDS = env.real("GUARD_TIMEOUT_SECONDS", 10.0, least=0.1)
EMBEDDING_MODEL = env.text("EMBEDDING_MODEL")

DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL") or f"sqlite:///{VAR_DIR / 'parapet.sqlite3'}",
        conn_max_age=0,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue for the lock instead of failing when a read turns into a write, and readers
    # never wait for a writer.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file in tests too: threads cannot share a database in memory as they do a real one.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # channels_redis waits five seconds for a message, which is as long as redis-py waits
            # for any answer: without more patience every quiet socket would break.
            "hosts": [{"address": REDIS_URL, "socket_timeout": 15}],
            "prefix": "parapet:layer",
        },
    }
}

# --- limits ---------------------------------------------------------------------------------

INGEST_LEASE_SECONDS = env.real("INGEST_LEASE_SECONDS", 60.0, least=1.0)
INGEST_MAX_ATTEMPTS = env.integer("INGEST_MAX_ATTEMPTS", 7, least=1)
INGEST_RETRY_SECONDS = env.real("INGEST_RETRY_SECONDS", 5.0)
UPLOAD_MAX_MB = env.integer("UPLOAD_MAX_MB", 100, least=1)
UPLOAD_MAX_FILES = env.integer("UPLOAD_MAX_FILES", 200, least=1)
UPLOAD_KEEP_HOURS = env.integer("UPLOAD_KEEP_HOURS", 24, least=1)
QUESTION_MAX_CHARS = env.integer("QUESTION_MAX_CHARS", 16_000, least=100)
CHAT_FILES_MAX = env.integer("CHAT_FILES_MAX", 10, least=1)
CHAT_FILES_MAX_MB = env.integer("CHAT_FILES_MAX_MB", 50, least=1)
CHAT_IMAGES_MAX = env.integer("CHAT_IMAGES_MAX", 20)
TEMPORARY_CHAT_MINUTES = env.integer("TEMPORARY_CHAT_MINUTES", 30, least=1)
API_REQUESTS_PER_MINUTE = env.integer("API_REQUESTS_PER_MINUTE", 300, least=1)
RETRIEVED_PASSAGES = env.integer("RETRIEVED_PASSAGES", 5, least=1)
DATA_UPLOAD_MAX_NUMBER_FILES = UPLOAD_MAX_FILES
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
MEDIA_ROOT = VAR_DIR / "documents"

# --- Django ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "axes",
    "django_htmx",
    "chatapp.accounts",
    "chatapp.catalog",
    "chatapp.library",
    "chatapp.conversations",
    "chatapp.moderation",
    "chatapp.api",
    "chatapp.samples",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "chatapp.accounts.private.PrivatePages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "chatapp.urls"
ASGI_APPLICATION = "chatapp.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AXES_VERBOSE = False  # no greeting at each start
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "chatapp.accounts.views.locked_out"
# The page says how long to wait, so trying again meanwhile must not make it longer.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "chat"
LOGOUT_REDIRECT_URL = "sign-in"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_MAX_AGE = 0  # revalidated by ETag: an upgrade never mixes modules of two versions

# --- security -------------------------------------------------------------------------------

HTTPS = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Celery ---------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 570
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"chatapp.library.tasks.*": {"queue": "ingest"}}
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "global_keyprefix": "parapet:"}
CELERY_BEAT_SCHEDULE = {
    "look-at-model-servers": {
        "task": "chatapp.catalog.tasks.look_at_servers",
        "schedule": 60.0,
    },
    "requeue-stuck-documents": {
        "task": "chatapp.library.tasks.requeue_stuck_documents",
        "schedule": 30.0,
    },
    "erase-unused-uploads": {
        "task": "chatapp.library.tasks.erase_unused_uploads",
        "schedule": 3600.0,
    },
    "mark-interrupted-turns": {
        "task": "chatapp.conversations.tasks.mark_interrupted_turns",
        "schedule": 10.0,
    },
    "remove-deleted-conversations": {
        "task": "chatapp.conversations.tasks.remove_deleted_conversations",
        "schedule": 60.0,
    },
    "remove-expired-conversations": {
        "task": "chatapp.conversations.tasks.remove_expired_conversations",
        "schedule": 60.0,
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # It tells each request, and model servers are asked every minute.
    "loggers": {"httpx": {"level": "WARNING"}},
}
