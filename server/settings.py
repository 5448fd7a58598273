"""Every setting an operator can turn, with its default and one sentence on what it does.

Read, in this order, from `POSTROOM_*` variables and from `postroom.toml` in the current directory (or the
file that `POSTROOM_CONFIG` names). A setting is never read anywhere else.
"""

import os
import platform
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

ENV_PREFIX = "POSTROOM_"
CONFIG_VARIABLE = "POSTROOM_CONFIG"
SECRET_KEY_BYTES = 64

UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    written = re.fullmatch(r"(\d+)\s*([smhd]?)", value.strip()) if isinstance(value, str) else None
    return timedelta(**{UNITS[written[2]]: int(written[1])}) if written else value


def split_server(written: str) -> tuple[str, int]:
    """The IP address and the port of a DNS server, 53 where none is written; ValueError for anything else."""
    match = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?|([^:]+):(\d{1,5})|(.+)", written)
    if match is None:
        raise ValueError("must be an IP address")
    address = match[1] or match[3] or match[5]
    port = int(match[2] or match[4] or 53)
    if not 1 <= port <= 65535:
        raise ValueError("must have a port between 1 and 65535")
    return str(ip_address(address)), port


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _dns_server(value: str) -> str:
    split_server(value)
    return value


def split_mail_server(written: str) -> tuple[str, int]:
    """The host and the port of a mail server, 25 where none is written; ValueError for anything else."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]{1,255}))(?::(\d{1,5}))?", written)
    if match is None:
        raise ValueError("must be written as host:port, an IPv6 address in brackets")
    port = int(match[3] or 25)
    if not 1 <= port <= 65535:
        raise ValueError("must have a port between 1 and 65535")
    return match[1] or match[2], port


def _mail_server(value: str) -> str:
    split_mail_server(value)
    return value


Port = Annotated[int, Field(ge=1, le=65535)]
DnsServer = Annotated[str, AfterValidator(_dns_server)]
MailServerName = Annotated[str, AfterValidator(_mail_server)]
Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_positive)]


class SettingsRefused(Exception):
    """A setting has a value that cannot be used; correct the variable or the line that is named."""

    code = "settings_refused"


class DataDirUnusable(Exception):
    """The directory for what this host keeps cannot be made; set POSTROOM_DATA_DIR to one that can."""

    code = "data_dir_unusable"


class SecretKeyUnusable(Exception):
    """The secret key file is too short to protect anything; restore it, or remove it to have a new one made."""

    code = "secret_key_unusable"


class Settings(BaseSettings):
    """What this process was told; immutable, made once by `load_settings` and handed to whoever needs it."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="forbid", frozen=True)

    data_dir: Path = Field(
        Path("./var"),
        description="The directory for everything this host keeps: database, secret key, embedded Redis.",
    )
    database_url: str = Field(
        default_factory=lambda data: f"sqlite+aiosqlite:///{data['data_dir']}/postroom.db",
        description="Where the state lives: sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME.",
    )
    redis_url: str = Field(
        "embedded",
        description="Where wake-ups travel: redis://…, rediss://…, unix://…, or 'embedded' to run our own.",
    )
    secret_key_file: Path = Field(
        default_factory=lambda data: data["data_dir"] / "secret.key",
        description="The file with this service's secret; made at first start, the same on every host.",
    )

    http_host: str = Field("127.0.0.1", description="The address the web door listens on.")
    http_port: Port = Field(8025, description="The port the web door listens on.")
    public_url: str = Field(
        default_factory=lambda data: f"http://{data['http_host']}:{data['http_port']}",
        description="The address people's browsers use, written into every link that we send.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks, separated by commas, whose X-Forwarded-* header fields we believe.",
    )

    lmtp_host: str = Field("127.0.0.1", description="The address the LMTP door listens on.")
    lmtp_port: Port = Field(
        8024, description="The port the LMTP door listens on, where the MTA hands us mail."
    )
    milter_host: str = Field("127.0.0.1", description="The address the milter door listens on.")
    milter_port: Port | None = Field(
        None,
        description="The port where the MTA asks whether to let a message in (milter); without one there is no such door.",
    )
    message_size_limit: int = Field(
        10_240_000, ge=10_000, description="The largest message accepted at the door, in bytes."
    )

    list_backlog: int = Field(
        1000,
        ge=0,
        description=(
            "How many messages of one list may wait, for an editor or to be sent, before further ones are put off by 451; 0 "
            "for any number."
        ),
    )
    free_disk_kept: int = Field(
        100_000_000,
        ge=0,
        description="How many bytes of DATA_DIR's disk stay free: with less, mail is put off at the door by 452.",
    )

    smtp_host: str = Field("127.0.0.1", description="The host of the MTA that we hand mail to.")
    smtp_port: Port = Field(25, description="The port of the MTA that we hand mail to.")
    smtp_servers: Annotated[tuple[MailServerName, ...], NoDecode] = Field(
        (),
        description=(
            "Several MTAs that we hand mail to, as host:port separated by commas, instead of SMTP_HOST and SMTP_PORT; one "
            "that is away is left out for a while."
        ),
    )
    smtp_servers_use: Literal["in_order", "shared"] = Field(
        "in_order",
        description="Whether the first of them that answers gets everything (in_order), or all share it (shared).",
    )
    smtp_tls: Literal["off", "opportunistic", "required"] = Field(
        "opportunistic",
        description="Whether mail is handed over encrypted: off, opportunistic (when offered), or required.",
    )
    mail_hostname: str = Field(
        default_factory=lambda: platform.node() or "localhost",
        description="The name this host gives itself in EHLO, Received and Message-ID.",
    )
    authserv_id: str = Field(
        "",
        description=(
            "The name under which your own mail server states Authentication-Results that are believed (RFC 8601); "
            "without it none is. It must remove those that come in under that name."
        ),
    )
    dns_servers: Annotated[tuple[DnsServer, ...], NoDecode] = Field(
        (),
        description=(
            "IP addresses, separated by commas, of the DNS servers that are asked for DKIM keys, 192.0.2.1:5353 for "
            "another port; without it those that the host itself uses."
        ),
    )
    authentication_timeout: Duration = Field(
        timedelta(seconds=5),
        description=(
            "How long all questions to the DNS about one message may take; what is not answered by then proves "
            "nothing; seconds, or 30m, 12h, 5d."
        ),
    )
    smime_trust_file: Path | None = Field(
        None,
        description=(
            "A file in PEM with the certificates of the authorities whose S/MIME signatures prove who wrote a mail; "
            "without it none does."
        ),
    )

    worker_lease: Duration = Field(
        timedelta(seconds=30),
        description="How long a packet stays with a worker that gives no sign of life; seconds, or 30m, 12h, 5d.",
    )
    worker_connections: int = Field(20, ge=1, le=500, description="SMTP connections of one worker, at most.")
    packet_size: int = Field(100, ge=1, le=1000, description="Recipients in one SMTP transaction, at most.")
    priority_ageing: Duration = Field(
        timedelta(minutes=10),
        description=(
            "How long a message waits in the queue for each step of priority that it moves up, so that none waits for "
            "ever; seconds, or 30m, 12h, 5d."
        ),
    )
    retry_give_up_after: Duration = Field(
        timedelta(days=5),
        description="How long a temporary refusal is retried before it counts as a bounce; seconds, or 30m, 12h, 5d.",
    )

    session_lifetime: Duration = Field(
        timedelta(days=30), description="How long a sign-in lasts, at most; seconds, or 30m, 12h, 5d."
    )
    sign_in_ticket_lifetime: Duration = Field(
        timedelta(minutes=30),
        description="How long a sign-in link sent by mail can be used; seconds, or 30m, 12h, 5d.",
    )
    ticket_lifetime: Duration = Field(
        timedelta(days=3),
        description="How long any other confirmation sent by mail can be used; seconds, or 30m, 12h, 5d.",
    )

    account_unused_days: int = Field(
        365,
        ge=0,
        le=36_500,
        description=(
            "After how many days without any sign of use an account without subscriptions, offices and open requests "
            "is removed; 0 for never."
        ),
    )
    bounces_before_telling: int = Field(
        5,
        ge=1,
        le=1000,
        description="After how many failures of an address, from all lists together, its person is told at another one.",
    )
    account_grace_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="How many days before its removal the person behind an unused account is told.",
    )

    federation_private: bool = Field(
        False,
        description="Whether other list servers may be in a private network, and be asked over http; for trying things.",
    )

    deliveries_kept_days: int = Field(
        30,
        ge=1,
        le=36_500,
        description=(
            "For how many days it is kept which packets a delivery was sent in and what went out; its counts, and who did "
            "not get it and why, stay."
        ),
    )
    decisions_kept_days: int = Field(
        30, ge=1, le=3650, description="For how many days it can be explained why a scenario said yes or no."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important lines that are logged: debug, info, warning or error."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="How a line is logged: json for machines, console for people."
    )

    @field_validator("trusted_proxies", "dns_servers", "smtp_servers", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def mail_servers(self) -> list[tuple[str, int]]:
        """Hosts and ports of the MTAs that we hand mail to, in the order of preference."""
        return [split_mail_server(each) for each in self.smtp_servers] or [(self.smtp_host, self.smtp_port)]

    @field_validator("public_url")
    @classmethod
    def _without_last_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("redis_url")
    @classmethod
    def _known_redis_scheme(cls, value: str) -> str:
        if value != "embedded" and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must be 'embedded' or begin with redis://, rediss:// or unix://")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over variables, variables over the file; there is no .env file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file())


def config_file() -> Path:
    """The settings file: what POSTROOM_CONFIG names, or postroom.toml in the current directory."""
    return Path(os.environ.get(CONFIG_VARIABLE, "postroom.toml"))


def load_settings(**overrides: Any) -> Settings:
    """Read the settings once; `overrides` (by field name) win over variables and file.

    Raises SettingsRefused, naming every wrong setting, when a value cannot be used.
    """
    if CONFIG_VARIABLE in os.environ and not config_file().is_file():
        raise SettingsRefused(f"{CONFIG_VARIABLE} names {config_file()}, which is not a file.")
    try:
        return Settings(**overrides)
    except ValidationError as refused:
        raise SettingsRefused(_in_words(refused)) from None


def _in_words(refused: ValidationError) -> str:
    return "\n".join(
        f"{ENV_PREFIX}{'.'.join(str(part) for part in error['loc']).upper()}: {error['msg']}."
        for error in refused.errors(include_url=False, include_input=False)
        if error["type"] != "default_factory_not_called"
    )


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """The POSTROOM_* variables that no setting reads: most likely misspelt."""
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields} | {CONFIG_VARIABLE}
    return sorted(name for name in environ if name.startswith(ENV_PREFIX) and name not in known)


def secret_key(settings: Settings) -> bytes:
    """The service's secret, made at first use: 64 random bytes, readable by this user alone.

    Two processes that start together agree on one key. Raises SecretKeyUnusable when the file is truncated.
    """
    path = settings.secret_key_file
    if not path.exists():
        _create_secret_key(path)
    key = path.read_bytes()
    if len(key) < SECRET_KEY_BYTES:
        raise SecretKeyUnusable(f"{path} holds {len(key)} bytes; at least {SECRET_KEY_BYTES} are needed.")
    return key


def make_data_dir(settings: Settings) -> None:
    """Make the directory for what this host keeps, unless it is there. Raises DataDirUnusable."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        said = f"The directory {settings.data_dir} cannot be made ({reason.strerror}); set POSTROOM_DATA_DIR to one that can."
        raise DataDirUnusable(said) from reason


def _create_secret_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(SECRET_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        # a link appears whole or not at all, and never replaces another process's key
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
