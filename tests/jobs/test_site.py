"""`python -m jobs site`: websites are added, listed and removed, and all of it is in the audit log."""

from __future__ import annotations

from pathlib import Path

import pytest

from data import sites
from data.engine import Database
from jobs.__main__ import main
from tests.conftest import Tenant


def test_sites_are_added_listed_and_removed(
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
    monkeypatch.setenv("PUBLIC_URL", "https://board.example")

    def site(*words: str) -> tuple[int, str]:
        status = main(["site", "--tenant", str(tenant.tenant_id), *words])
        said = capsys.readouterr()
        return status, (said.out + said.err).strip()

    status, pasted = site("add", "--name", "shop", "https://Shop.example/", "https://www.shop.example")
    with database.tenant(tenant.tenant_id) as own:
        [kept] = sites.listed(own)
    key = sites.key_of(tenant.tenant_id, kept["site_id"])
    assert (status, pasted) == (
        0,
        f'<script async src="https://board.example/snippet/v1.js" data-site="{key}"></script>',
    )
    assert kept["venue_id"] == tenant.venue_id
    assert site("list") == (0, f"shop  {key}  https://shop.example https://www.shop.example")
    assert site("add", "--name", "shop", "https://a.example") == (2, "There is a site named shop already.")
    assert site("add", "--name", "b", "--venue", "x", "https://a.example") == (
        2,
        f"Which venue? Say --venue. There are: {tenant.venue_ref}.",
    )
    with pytest.raises(SystemExit):
        site("add", "--name", "b", "http://a.example")
    capsys.readouterr()
    assert site("remove", "--name", "shop") == (0, "")
    assert site("remove", "--name", "shop") == (2, "There is no site named shop.")
    assert site("list") == (0, "")
    with database.tenant(tenant.tenant_id) as own:
        found = own.execute("SELECT action, object FROM audit_log ORDER BY recorded_at, seq").fetchall()
    assert found == [("add-site", f"site:{kept['site_id']}"), ("remove-site", f"site:{kept['site_id']}")]
