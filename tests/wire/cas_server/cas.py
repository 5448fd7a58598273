"""django-cas-server as an organization's CAS server, in one file; runs in its own environment, not in ours.

python cas.py PLACE PORT, with PLACE/people.json: {name: {"password": …, "attributes": {…}}} and PLACE/services.json:
[{"pattern": …, "slo": …}]. Prints nothing; is ready when /cas/login answers.
"""

# ruff: noqa: PLC0415 - Django's own modules can be imported only once it is set up
import json
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.environ["CAS_PLACE"] = sys.argv[1]
    os.environ["DJANGO_SETTINGS_MODULE"] = "cas"
    sys.path.insert(0, str(Path(__file__).parent))

PLACE = Path(os.environ["CAS_PLACE"])
PEOPLE = json.loads((PLACE / "people.json").read_text())

SECRET_KEY = "for these tests only"
DEBUG = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "cas"
USE_TZ = True
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
LANGUAGE_CODE = "en"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(PLACE / "cas.sqlite3"),
        "OPTIONS": {"timeout": 20},
    }
}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "cas_server",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
CAS_AUTH_CLASS = "cas.People"
CAS_ENABLE_AJAX_AUTH = False
CAS_NEW_VERSION_HTML_WARNING = False


class People:
    """Who may sign in, and what is known of them."""

    def __init__(self, username: str) -> None:
        self.username = username

    def is_password(self, password: str) -> bool:
        """Whether that is this person's password."""
        return self.username in PEOPLE and PEOPLE[self.username]["password"] == password

    # what the server calls it
    test_password = is_password

    def attributs(self) -> dict[str, object]:
        """What is told of them."""
        return PEOPLE.get(self.username, {}).get("attributes", {})


def __getattr__(name: str) -> object:
    # Django asks this module for its routes, too; they can be made only once it is set up
    if name == "urlpatterns":
        from django.urls import include, re_path

        return [re_path(r"^cas/", include("cas_server.urls", namespace="cas_server"))]
    raise AttributeError(name)


def main() -> None:
    """Make the database and serve."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from cas_server.models import ReplaceAttributName, ServicePattern

    for number, service in enumerate(json.loads((PLACE / "services.json").read_text()), 1):
        pattern = ServicePattern.objects.create(
            pos=number,
            name=f"service {number}",
            pattern=service["pattern"],
            single_log_out=True,
            single_log_out_callback=service["slo"],
        )
        ReplaceAttributName.objects.create(name="*", replace="", service_pattern=pattern)
    call_command("runserver", f"127.0.0.1:{sys.argv[2]}", "--noreload", "--insecure")


if __name__ == "__main__":
    main()
