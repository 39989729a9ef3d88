"""`python -m jobs webhook`: webhooks are made, listed, tested and removed, and it is in the audit log."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from data import webhooks
from data.engine import Database
from jobs.__main__ import main
from tests.conftest import Tenant


def test_webhooks_are_made_listed_tested_and_removed(
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

    def webhook(*words: str, address: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{address}\n"))
        status = main(["webhook", "--tenant", str(tenant.tenant_id), *words])
        said = capsys.readouterr()
        return status, (said.out + said.err).strip()

    words = ("add", "--description", "Box office", "event.sold_out")
    status, made = webhook(*words, address="https://hooks.example/SECRET")
    with database.tenant(tenant.tenant_id) as connection:
        [kept] = webhooks.listed(connection)
    assert status == 0
    assert made.startswith(f"{kept.webhook_id}  whsec_")
    assert (kept.url, kept.types) == ("https://hooks.example/SECRET", ("event.sold_out",))
    assert webhook("list") == (0, f"{kept.webhook_id}  on  https://hooks.example  Box office")
    assert webhook("add", address="https://10.0.0.1/") == (2, "It does not lead to the public Internet.")
    status, said = webhook("add", "event.of-nobody", address="https://hooks.example/")
    assert (status, said[:34]) == (2, "There is no such type of event: ev")
    assert webhook("test", str(kept.webhook_id)) == (0, "")
    assert webhook("remove", str(kept.webhook_id)) == (0, "")
    gone = f"There is no webhook {kept.webhook_id} that is on."
    for action in ("test", "enable", "remove"):
        assert webhook(action, str(kept.webhook_id)) == (2, gone)
    with database.tenant(tenant.tenant_id) as connection:
        found = connection.execute(
            "SELECT action, object FROM audit_log ORDER BY recorded_at, seq"
        ).fetchall()
        assert "SECRET" not in str(connection.execute("SELECT detail FROM audit_log").fetchall())
    of = f"webhook:{kept.webhook_id}"
    assert found == [("add-webhook", of), ("test-webhook", of), ("remove-webhook", of)]
