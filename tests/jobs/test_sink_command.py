"""`python -m jobs sink`: sinks are added, listed, rewound and removed, and it is in the audit log."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from data import sinks
from data.engine import Database
from jobs.__main__ import main
from tests.conftest import Tenant


def test_sinks_are_added_listed_rewound_and_removed(
    database: Database,
    tenant: Tenant,
    postgres_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    def sink(*words: str, text: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        status = main(["sink", "--tenant", str(tenant.tenant_id), *words])
        said = capsys.readouterr()
        return status, (said.out + said.err).strip()

    since = ("--since", "2026-11-01T00:00:00+01:00")
    influx = ("add", "influxdb", "--name", "grafana", "--bucket", "nights", *since)
    assert sink(*influx, text="https://influx.example\nSECRET\n") == (0, "")
    assert sink(*influx, text="https://influx.example\n") == (2, "There is a sink named grafana already.")
    mongo = ("add", "mongodb", "--name", "archive", "--database", "house", *since)
    assert sink(*mongo, text="https://db.example\n") == (
        2,
        "An address begins with mongodb:// or mongodb+srv://.",
    )
    assert sink(*mongo, text="mongodb://u:s3cret@db.example\n") == (0, "")
    status, shown = sink("list")
    assert (status, shown.splitlines()) == (
        0,
        [
            "archive  mongodb database=house collection=messages  0 messages, up to 2026-10-31T23:00:00.000Z",
            "grafana  influxdb bucket=nights  0 messages, up to 2026-10-31T23:00:00.000Z",
        ],
    )
    with database.tenant(tenant.tenant_id) as connection:
        ids = connection.execute("SELECT sink_id FROM sinks ORDER BY name").fetchall()
        opened = [sinks.get(connection, sink_id) for (sink_id,) in ids]
        assert [dict(each.secret) for each in opened if each] == [
            {"url": "mongodb://u:s3cret@db.example"},
            {"url": "https://influx.example", "token": "SECRET"},
        ]
    assert sink("rewind", "--name", "grafana", "--since", "2026-01-01T00:00:00Z") == (0, "")
    assert "up to 2026-01-01T00:00:00.000Z" in sink("list")[1]
    assert sink("remove", "--name", "grafana") == (0, "")
    assert sink("remove", "--name", "grafana") == (2, "There is no sink named grafana.")
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.execute("SELECT action, detail FROM audit_log ORDER BY recorded_at, seq").fetchall()
    assert [action for action, _ in rows] == ["add-sink", "add-sink", "rewind-sink", "remove-sink"]
    assert "SECRET" not in str(rows)
    assert "s3cret" not in str(rows)
