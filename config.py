"""Settings: the only place that reads the environment (and the optional file `.env`)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ConfigurationError(Exception):
    """The environment holds values that cannot be used; `problems` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The configuration cannot be used:\n" + "\n".join(f"  - {p}" for p in problems))
        self.problems = problems


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
                f"{str(problem['loc'][0]).upper()}: {problem['msg'].removeprefix('Value error, ')}"
                for problem in error.errors(include_url=False, include_context=False, include_input=False)
            ]
            raise ConfigurationError(problems) from None

    @property
    def origins(self) -> frozenset[str]:
        """The configured extra origins, without trailing slashes."""
        return frozenset(o.strip().rstrip("/") for o in self.allowed_origins.split(",") if o.strip())

    def signing_key(self) -> str:
        """The key that signs cookies: SECRET_KEY, or the one kept in the data folder (made on first use).

        Two processes may ask at the same time: the file appears whole by a hard link, and the first one wins.
        """
        if self.secret_key is not None:
            return self.secret_key
        path = self.data_dir / "secret_key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"secret_key.{os.getpid()}.{secrets.token_hex(4)}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text()
