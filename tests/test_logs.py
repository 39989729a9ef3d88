"""Logs: structured, named after their process, and without secrets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def logged(program: str, **settings: object) -> list[dict[str, Any]]:
    """The JSON lines that `program` writes after logging is configured in a process of its own."""
    setup = (
        "import logging, structlog, logs\nfrom config import Settings\n"
        f"logs.configure(Settings(_env_file=None, **{settings!r}), 'web')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", setup + program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_our_lines_and_the_libraries_lines_are_json_with_time_level_and_process() -> None:
    ours, theirs = logged(
        "structlog.stdlib.get_logger().info('batch written', messages=3)\n"
        "logging.getLogger('some.library').warning('slow: %s ms', 12)"
    )
    assert ours.pop("timestamp") <= theirs.pop("timestamp")
    assert ours == {"event": "batch written", "level": "info", "messages": 3, "process": "web"}
    assert theirs == {"event": "slow: 12 ms", "level": "warning", "process": "web"}


def test_lines_below_the_configured_level_are_not_written() -> None:
    assert (
        logged(
            "structlog.stdlib.get_logger().info('quiet')\nlogging.getLogger('x').info('quiet')",
            log_level="warning",
        )
        == []
    )


def test_secrets_are_blanked_by_name_and_by_look_also_inside_values_and_tracebacks() -> None:
    lines = logged(
        "log = structlog.stdlib.get_logger()\n"
        "log.info('a', password='s3cret', headers={'Authorization': 's3cret', 'Accept': '*/*'})\n"
        "log.info('cannot reach postgresql://owner:s3cret@db.example/house')\n"
        "log.info('b', sent='Authorization: Bearer s3cret')\n"
        "log.info('c', seen=['hc_s3cretS3cretS3cret'])\n"
        "log.info('Exception on /api/v1/webhooks/pretix/0b6a/s3cret [POST]')\n"
        "log.info('Exception on /welcome/s3cret [POST] and https://board.example/reset/s3cret-_x')\n"
        "try: raise OSError('redis://:s3cret@cache.example')\n"
        "except OSError: log.exception('d')"
    )
    assert "s3cret" not in json.dumps(lines)
    assert lines[0]["headers"] == {"Authorization": "[hidden]", "Accept": "*/*"}
    assert lines[1]["event"] == "cannot reach postgresql://[hidden]@db.example/house"
    assert lines[4]["event"] == "Exception on /api/v1/webhooks/pretix/[hidden] [POST]"
    assert lines[5]["event"].count("[hidden]") == 2
    assert "OSError: redis://[hidden]@cache.example" in lines[6]["exception"]


def test_personal_data_is_blanked_and_dates_numbers_and_ids_are_not() -> None:
    plain = (
        "2026-11-26 20:52:16 batch of 12,000 in 1234567890 ms on 127.0.0.1:8050,"
        " 0b6a9c1e-7c1d-4f7e-9f27-0123456789ab, 4829f0b5a1c29d10, 12.50 GBP, version 14.22.0, 20:52:16"
    )
    personal = (
        "ada@hall.example ada%40hall.example +44 (0)20 7946 0958, 020 7946 0958, (555) 010-4477 203.0.113.9"
        " 2001:db8::77 fe80:0:0:0:1:2:3:4"
    )
    first, second, third = logged(
        f"log = structlog.stdlib.get_logger()\nlog.info({plain!r})\n"
        f"log.info({personal!r})\nlog.info('x', email='ada', phone=7, customer_name='Ada', customers=3)"
    )
    assert first["event"] == plain
    assert re.sub(r"\[hidden\]|[ ,]", "", second["event"]) == ""
    assert [third[name] for name in ("email", "phone", "customer_name", "customers")] == ["[hidden]"] * 3 + [
        3
    ]


def test_addresses_stay_in_the_log_of_those_who_want_them() -> None:
    program = "structlog.stdlib.get_logger().info('from 203.0.113.9')"
    assert logged(program, log_addresses=True)[0]["event"] == "from 203.0.113.9"


def test_while_postgresql_is_away_its_pools_say_so_once_a_minute_and_count_the_rest() -> None:
    lines = logged(
        "from uuid import UUID\n"
        "from unittest.mock import patch\n"
        "from data.engine import Database, DatabaseUnavailable\n"
        "def ask():\n"
        "    database = Database('postgresql://nobody@127.0.0.1:1/none')\n"
        "    try:\n"
        "        with database.tenant(UUID(int=1)): pass\n"
        "    except DatabaseUnavailable: pass\n"
        "    database.close()\n"
        "ask(); ask()\n"
        "with patch('logs.SELDOM_SECONDS', 0): ask()"
    )
    refused = [line for line in lines if line["event"].startswith("error connecting")]
    assert "left_out" not in refused[0]
    assert refused[1]["left_out"] >= 1
    assert {line["level"] for line in lines} == {"warning"}
    given_up = [line for line in lines if line["event"].startswith("reconnection attempt")]
    assert given_up[1]["left_out"] >= 1


def test_lines_of_another_kind_are_not_left_out() -> None:
    lines = logged(
        "pool = logging.getLogger('psycopg.pool')\n"
        "for n in range(3): pool.warning('error connecting in %r', n)\n"
        "pool.warning('discarding closed connection %s', 1)"
    )
    assert [line["event"] for line in lines] == ["error connecting in 0", "discarding closed connection 1"]


def test_roll_ups_that_fail_again_and_again_are_told_of_once_a_minute() -> None:
    lines = logged(
        "job = logging.getLogger('data.rollup_applier')\n"
        "for n in range(3): job.error('the roll-ups of tenant %s could not be applied', n)"
    )
    assert [line["event"] for line in lines] == ["the roll-ups of tenant 0 could not be applied"]
