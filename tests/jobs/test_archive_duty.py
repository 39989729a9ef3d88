"""What the worker archives by itself: in a process of its own, as the settings say, and only when they do."""

import threading
from pathlib import Path

import pytest

from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from jobs import worker
from tests.conftest import MASTER_KEY, fresh_database, new_tenant
from tests.data.archiving import entries, of_march, tell


def test_the_worker_archives_what_is_old_and_says_when_it_fails(
    server_urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fresh_database(server_urls.database_url) as url:
        tenant = new_tenant(url)
        database = Database(url, master=MasterKeys([MASTER_KEY]), max_size=2)
        try:
            tell(database, tenant, *of_march())
        finally:
            database.close()
        given = {
            "DATABASE_URL": url,
            "REDIS_URL": server_urls.redis_url,
            "DATA_DIR": str(tmp_path),
            "AUDIT_KEY": "an-audit-key-for-tests-that-is-long-enough",
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(RuntimeError, match="status 2"):
            worker._archive(threading.Event())
        assert entries(url, tenant) == []
        monkeypatch.setenv("ARCHIVE_AFTER_MONTHS", "12")
        worker._archive(threading.Event())
        found = entries(url, tenant)
        assert {entry.state for entry in found} == {"archived"}
        assert all(entry.path(tmp_path / "archive").exists() for entry in found)
        ended = threading.Event()
        ended.set()
        worker._archive(ended)
