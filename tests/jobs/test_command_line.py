"""`python -m jobs`: every command explains itself, and the long-running ones stay small."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.__main__ import COMMANDS

ROOT = Path(__file__).parents[2]


def python(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {
        "COLUMNS": "200"
    }
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_help_lists_every_command_with_what_it_does() -> None:
    result = python("-m", "jobs", "--help")
    assert result.returncode == 0
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines() if line.startswith("    ")]
    assert {line[0]: line[1] for line in lines if line[0] in COMMANDS} == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_own_help(name: str) -> None:
    result = python("-m", "jobs", name, "--help")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"usage: python -m jobs {name}")


def test_an_unknown_command_is_refused() -> None:
    result = python("-m", "jobs", "dance")
    assert result.returncode == 2
    assert "invalid choice: 'dance'" in result.stderr


def test_bad_settings_are_told_and_nothing_is_started(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "jobs", "worker"],
        cwd=ROOT,
        env=os.environ | {"PORT": "eighty", "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "PORT: Input should be a valid integer" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["worker", "simulate"])
def test_the_long_running_commands_load_neither_frames_nor_pages(name: str) -> None:
    heavy = "{'pandas', 'numpy', 'plotly', 'dash', 'flask', 'statsmodels'}"
    code = f"import sys, jobs.__main__, jobs.{name}; print(sorted({heavy} & set(sys.modules)))"
    assert python("-c", code).stdout.strip() == "[]"
