"""Settings: documented, checked all at once, and quiet about secrets."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config import ConfigurationError, Settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"


@pytest.fixture(autouse=True)
def _empty_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_example_file_lists_every_setting_with_its_meaning_and_default() -> None:
    expected = ["# Housecount reads these from the environment, or from a file .env beside this one."]
    for name, field in Settings.model_fields.items():
        value = "" if field.default is None else str(field.default)
        value = value.lower() if isinstance(field.default, bool) else value
        expected.append(f"\n# {field.description}\n{name.upper()}={value}")
    assert EXAMPLE.read_text() == "\n".join(expected) + "\n"


def test_the_example_file_used_as_it_is_means_the_defaults(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(EXAMPLE.read_text())
    assert Settings.load() == Settings(_env_file=None)


def test_bad_configuration_is_reported_all_at_once_without_the_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "eighty")
    monkeypatch.setenv("DATABASE_URL", "mysql://root:s3cret@localhost/db")
    monkeypatch.setenv("SECRET_KEY", "short-s3cret")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert caught.value.problems == [
        "DATABASE_URL: must start with postgresql://",
        "PORT: Input should be a valid integer, unable to parse string as an integer",
        "SECRET_KEY: String should have at least 32 characters",
        "LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'",
    ]
    assert "s3cret" not in str(caught.value)


MAIL: dict[str, Any] = {
    "smtp_host": "mail.example.com",
    "smtp_from": "house@example.com",
    "public_url": "https://board.example.com/",
}


def test_mails_go_to_a_server_only_by_settings_that_keep_their_links_and_passwords_secret() -> None:
    settings = Settings(_env_file=None, **MAIL, smtp_user="house", smtp_password="s3cret")
    assert (settings.origin, settings.smtp_security) == ("https://board.example.com", "starttls")
    assert "s3cret" not in repr(settings)
    assert Settings(_env_file=None, host="::", port=81).origin == "http://127.0.0.1:81"
    refused: list[dict[str, Any]] = [
        {"smtp_from": None},
        {"public_url": None},
        {"smtp_user": "house"},
        {"smtp_security": "none", "smtp_user": "house", "smtp_password": "s3cret"},
        {"public_url": "http://board.example.com"},
        {"public_url": "https://board.example.com/path"},
        {"public_url": "https://user@board.example.com"},
        {"smtp_from": "House <house@example.com>"},
        {"smtp_from": "house@example.com\nBcc: x@y.example"},
    ]
    for change in refused:
        with pytest.raises(ValidationError):
            Settings(_env_file=None, **MAIL | change)


def test_settings_do_not_show_secrets_when_printed() -> None:
    settings = Settings(_env_file=None, database_url="postgresql://u:s3cret@h/d", secret_key="s3cret" * 8)
    assert "s3cret" not in repr(settings)


def test_a_generated_signing_key_is_private_and_stays_the_same(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "data")
    key = settings.signing_key()
    assert len(key) >= 32
    assert Settings(_env_file=None, data_dir=tmp_path / "data").signing_key() == key
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]


def test_a_given_signing_key_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "data", secret_key="k" * 32)
    assert settings.signing_key() == "k" * 32
    assert not (tmp_path / "data").exists()


def test_origins_are_split_and_compared_without_trailing_slash() -> None:
    settings = Settings(_env_file=None, allowed_origins="https://a.example/, https://b.example ,")
    assert settings.origins == {"https://a.example", "https://b.example"}
