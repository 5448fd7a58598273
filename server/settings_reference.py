"""The reference page of the settings, written from their declarations: `python -m server.settings_reference`."""

import sys

from server.settings import ENV_PREFIX, Settings

# defaults that follow from another setting, or from the host, in words
FOLLOWING = {
    "database_url": "`sqlite+aiosqlite:///DATA_DIR/postroom.db`",
    "secret_key_file": "`DATA_DIR/secret.key`",
    "public_url": "`http://HTTP_HOST:HTTP_PORT`",
    "mail_hostname": "the name of the host",
}

HEAD = """\
# Settings

Postroom reads its settings once, when it starts, from environment variables and from `postroom.toml` in the
current directory (or the file that `POSTROOM_CONFIG` names). A variable wins over the file; in the file a name
is written in small letters and without its prefix: `http_port = 8025`. Durations are seconds, or a number with
its unit: `30m`, `12h`, `5d`. `postroom settings` shows the values in force. What a few of them are for is
[planned](../roadmap.md) and has no effect yet.

| variable | default | what it does |
|---|---|---|
"""


def settings_reference() -> str:
    """The page in Markdown: one row for each setting."""
    return HEAD + "".join(
        f"| `{ENV_PREFIX}{name.upper()}` | {_default(name)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )


def _default(name: str) -> str:
    if name in FOLLOWING:
        return FOLLOWING[name]
    field = Settings.model_fields[name]
    if field.default_factory:
        raise KeyError(f"{name} follows from something else: say in FOLLOWING from what")
    default = field.default
    return f"`{default}`" if default not in (None, (), "") else "none"


if __name__ == "__main__":
    sys.stdout.write(settings_reference())
