"""Settings: the only place that reads the environment (and the optional file `.env`)."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from secret_files import kept_or_made


class ConfigurationError(Exception):
    """The environment holds values that cannot be used; `problems` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The configuration cannot be used:\n" + "\n".join(f"  - {p}" for p in problems))
        self.problems = problems


def is_safe_to_fetch(address: str) -> bool:
    """Whether nobody on the way can change what comes from there."""
    return address.startswith(("https://", "http://127.0.0.1:", "http://localhost:"))


class Settings(BaseSettings):
    """Everything that can be set, each by the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: str | None = Field(
        None,
        repr=False,
        description="PostgreSQL (15 or newer) as the role that owns the tables. Empty: an embedded one.",
    )
    redis_url: str | None = Field(
        None, repr=False, description="Redis to use (6.2 or newer). Empty: an embedded one."
    )
    data_dir: Path = Field(
        Path(".housecount"), description="Folder of the embedded servers and the generated secret key."
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8050, ge=1, le=65535, description="Port of the pages, the API and the sockets.")
    metrics_port: int = Field(
        9090, ge=0, le=65535, description="Port of the Prometheus metrics; 0 closes it."
    )
    metrics_host: str = Field("127.0.0.1", description="Address of that port, where nobody has to sign in.")
    web_threads: int = Field(
        128, ge=8, le=1024, description="Requests the web process answers at a time; sockets need no thread."
    )
    max_sockets: int = Field(5000, ge=1, description="Most live sockets of the web process.")
    allowed_origins: str = Field(
        "",
        description="Other origins that may open live sockets, separated by commas (https://board.example.com).",
    )
    public_url: str | None = Field(
        None,
        description="Where people reach Housecount (https://board.example.com): links in mails and the way"
        " back from a sign-in begin with it. Empty: http://HOST:PORT.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=9,
        description="Proxies in front that each append the caller to X-Forwarded-For; 0 believes none.",
    )
    secret_key: str | None = Field(
        None,
        min_length=32,
        repr=False,
        description="Signs the session cookies, at least 32 characters. Empty: generated once into DATA_DIR.",
    )
    master_key: str | None = Field(
        None,
        min_length=32,
        pattern=r"^[^\s,]+$",
        repr=False,
        description="Locks the tenants' keys, at least 32 characters. Empty: generated once into DATA_DIR.",
    )
    master_key_previous: str = Field(
        "",
        repr=False,
        description="Former master keys that still open what they locked, separated by commas.",
    )
    jwt_issuer: str = Field(
        "", description="The issuer (iss) whose JSON Web Tokens are let in at the API. Empty: none are."
    )
    jwt_audience: str = Field("housecount", description="The audience (aud) that such a token has to name.")
    jwt_jwks_url: str | None = Field(
        None, description="Where the issuer publishes its keys, for RS256 and ES256 (https://…/jwks.json)."
    )
    jwt_secret: str | None = Field(
        None,
        min_length=32,
        repr=False,
        description="The secret shared with an issuer that signs by HS256, in place of JWT_JWKS_URL.",
    )
    jwt_leeway_seconds: int = Field(
        30, ge=0, le=300, description="How far the clocks of the issuer and of this server may be apart."
    )
    oidc_issuer: str = Field(
        "", description="The OpenID provider (issuer) by which people may sign in, too. Empty: none."
    )
    oidc_client_id: str = Field("", description="The id by which the provider knows this installation.")
    oidc_client_secret: str = Field("", repr=False, description="The secret that goes with this id.")
    oidc_name: str = Field(
        "single sign-on", max_length=40, description="What people call it: the button says Sign in with it."
    )
    oidc_scopes: str = Field("openid email", description="What the provider is asked for; openid is part.")
    oidc_email_verified: str = Field(
        "email_verified",
        pattern=r"^[A-Za-z0-9_:/.-]{1,100}$",
        description="The claim by which the provider says that it has verified an e-mail address.",
    )
    oidc_second_factor: bool = Field(
        False, description="The provider asks everybody for a second factor itself: ask for none of ours."
    )
    audit_key: str | None = Field(
        None,
        min_length=32,
        repr=False,
        description="Keys the hashes of the audit log, at least 32 characters; older keys follow after"
        " commas. Empty: generated once into DATA_DIR.",
    )
    audit_months: int = Field(
        24, ge=1, le=240, description="Whole months that the audit log is kept beside the current one."
    )
    smtp_host: str | None = Field(
        None,
        description="The server that takes mails. Empty: they are written as files to the folder mail of"
        " DATA_DIR.",
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port: 587 with starttls, 465 with tls.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the way there is kept: starttls, tls from the first byte, or none."
    )
    smtp_ca_file: Path | None = Field(
        None, description="Certificates (PEM) to trust there in place of the system's."
    )
    smtp_user: str | None = Field(None, description="The name to sign in there with. Empty: nobody does.")
    smtp_password: str | None = Field(None, repr=False, description="The password of that name.")
    smtp_from: str | None = Field(
        None, description="The address that mails come from (housecount@example.com)."
    )
    webhook_allowed_networks: str = Field(
        "",
        description="Networks beside the public Internet that webhooks may be sent to, by http and to any"
        " port too (10.1.0.0/16,192.168.7.5/32). Empty: none.",
    )
    archive_after_months: int = Field(
        0, ge=0, le=1200, description="Whole months after which facts leave for Parquet files; 0: never."
    )
    archive_dir: Path | None = Field(None, description="Folder of these files. Empty: archive in DATA_DIR.")
    session_idle_minutes: int = Field(
        60, ge=1, description="Minutes without a request after which a login ends."
    )
    session_absolute_hours: int = Field(12, ge=1, description="Hours after which every login ends.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="json, console (for people), or auto: console on a terminal and json elsewhere."
    )
    rate_address_per_minute: int = Field(
        12_000, ge=0, description="Requests a minute of one address, messages aside; 0: any number."
    )
    rate_caller_per_minute: int = Field(
        6_000, ge=0, description="Requests a minute of one person or token, messages aside; 0: any number."
    )
    rate_tenant_per_minute: int = Field(
        60_000, ge=0, description="Requests a minute of one tenant, messages aside; 0: any number."
    )
    rate_ingest_per_second: int = Field(
        5_000, ge=0, description="Requests a second of one token that sends messages; 0: any number."
    )
    max_sockets_per_caller: int = Field(
        1_000, ge=1, description="Most live sockets of one person or token in a web process."
    )
    log_addresses: bool = Field(False, description="Leave the IP addresses of callers in the log.")
    max_body_mb: int = Field(
        32, ge=1, description="Largest request body in MB, measured after decompression."
    )
    max_batch_messages: int = Field(10_000, ge=1, description="Most messages in one batch request.")
    group_commit: bool = Field(
        True, description="Let single messages that arrive together share a transaction."
    )
    group_commit_ms: int = Field(
        10,
        ge=0,
        le=1000,
        description="Most milliseconds a busy door waits for more single messages to share a transaction.",
    )
    redis_prefix: str = Field(
        "hc",
        pattern=r"^[a-z0-9_-]+$",
        description="First part of every Redis key and channel; differs per installation on one Redis.",
    )
    export_hours: int = Field(
        24, ge=1, le=24 * 30, description="Hours for which the file of an export can be downloaded."
    )
    demo: bool = Field(True, description="Seed the demo venue and run its simulated night.")
    demo_load_percent: int = Field(
        30, ge=1, le=100, description="Share of one core that publishing the demo's two years may take."
    )

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @field_validator("jwt_jwks_url", "oidc_issuer")
    @classmethod
    def _is_safe_to_fetch(cls, value: str | None) -> str | None:
        # Keys that somebody on the way could put in place of the issuer's would open every door.
        if value and not is_safe_to_fetch(value):
            raise ValueError("must start with https:// (http:// for this machine alone)")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_safe_to_send(cls, value: str | None) -> str | None:
        # A link in a mail opens an account: it must not travel in the clear.
        if value is None:
            return None
        parts = urlsplit(value)
        here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not (parts.scheme == "http" and here):
            raise ValueError("must start with https:// (http:// for this machine alone)")
        if not parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in value:
            raise ValueError("must be an origin, without a path")
        return value.rstrip("/")

    @field_validator("webhook_allowed_networks")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for each in filter(None, (part.strip() for part in value.split(","))):
            try:
                ipaddress.ip_network(each)
            except ValueError:
                raise ValueError(f"{each} is no network (10.1.0.0/16)") from None
        return value

    @field_validator("smtp_from")
    @classmethod
    def _is_one_address(cls, value: str | None) -> str | None:
        if value is not None and re.fullmatch(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+", value) is None:
            raise ValueError("must be one e-mail address")
        return value

    @model_validator(mode="after")
    def _can_send_mail(self) -> Self:
        if self.smtp_host and not (self.smtp_from and self.public_url):
            raise ValueError("SMTP_HOST needs SMTP_FROM and PUBLIC_URL")
        if bool(self.smtp_user) != bool(self.smtp_password):
            raise ValueError("SMTP_USER and SMTP_PASSWORD need each other")
        if self.smtp_password and self.smtp_security == "none":
            raise ValueError("SMTP_SECURITY=none would send SMTP_PASSWORD in the clear")
        return self

    @field_validator("oidc_scopes")
    @classmethod
    def _asks_for_openid(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("openid must be among them")
        return value

    @model_validator(mode="after")
    def _has_keys_of_the_issuer(self) -> Self:
        if self.jwt_issuer and (self.jwt_jwks_url is None) == (self.jwt_secret is None):
            raise ValueError("JWT_ISSUER needs either JWT_JWKS_URL or JWT_SECRET")
        return self

    @model_validator(mode="after")
    def _knows_its_provider(self) -> Self:
        needed = ("oidc_client_id", "oidc_client_secret", "public_url")
        missing = [name.upper() for name in needed if not getattr(self, name)]
        if self.oidc_issuer and missing:
            raise ValueError(f"OIDC_ISSUER needs {', '.join(missing)}")
        return self

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @classmethod
    def load(cls) -> Settings:
        """The settings of this environment. Raises ConfigurationError that lists everything wrong at once."""
        try:
            return cls()
        except ValidationError as error:
            problems = [
                "".join(f"{str(name).upper()}: " for name in problem["loc"][:1])
                + problem["msg"].removeprefix("Value error, ")
                for problem in error.errors(include_url=False, include_context=False, include_input=False)
            ]
            raise ConfigurationError(problems) from None

    @property
    def origins(self) -> frozenset[str]:
        """The configured extra origins, without trailing slashes."""
        return frozenset(o.strip().rstrip("/") for o in self.allowed_origins.split(",") if o.strip())

    @property
    def origin(self) -> str:
        """What links in mails begin with: never what a request says, which anybody may write."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def webhook_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Where webhooks may be sent to beside the public Internet."""
        named = (part.strip() for part in self.webhook_allowed_networks.split(","))
        return tuple(ipaddress.ip_network(each) for each in named if each)

    @property
    def mail_folder(self) -> Path:
        """Where mails are written to while there is no server for them."""
        return self.data_dir / "mail"

    def signing_key(self) -> str:
        """The key that signs cookies: SECRET_KEY, or the one kept in the data folder (made on first use)."""
        return self.secret_key or kept_or_made(self.data_dir, "secret_key")

    def master_keys(self) -> list[str]:
        """MASTER_KEY, or the one kept in the data folder (made on first use), and then the former ones."""
        former = [one.strip() for one in self.master_key_previous.split(",") if one.strip()]
        return [self.master_key or kept_or_made(self.data_dir, "master_key"), *former]

    def audit_keys(self) -> list[str]:
        """The keys of the audit log's hashes, the one in use first: AUDIT_KEY, or one in the data folder."""
        given = [key.strip() for key in (self.audit_key or "").split(",") if key.strip()]
        return given or [kept_or_made(self.data_dir, "audit_key")]
