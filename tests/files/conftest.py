"""Real files, a database of their own and the processes that import them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from data import imports, rollup_applier
from data.access import Access
from data.directory import Directory
from data.engine import Database
from data.folder import Urls
from data.imports import Import, Kind, Status
from data.keys import MasterKeys
from data.schema import metadata
from data.venues import add_venue
from ingest.files.detect import Proposal
from ingest.files.layout import Layout, to_json
from ingest.files.upload import begin, folder_of, receive, require_readable
from jobs.importing import Tools, work
from tests.conftest import MASTER_KEY, Tenant, fresh_database, new_tenant

ROOT = Path(__file__).parents[2]
SUMMED = (
    "event_totals",
    "event_money",
    "zone_totals",
    "gate_analytics",
    "venue_analytics",
    "house_counts",
    "day_analytics",
    "customer_totals",
    "presence",
)


class Watching:
    """Stands where the live path is, and keeps what it was told."""

    def __init__(self) -> None:
        self.versions: list[Any] = []

    def touched(self, tenant_id: UUID, versions: Any) -> None:
        self.versions.append(versions)


@dataclass
class House:
    """A tenant, and what imports its files."""

    database: Database
    tenant: Tenant
    url: str
    environment: dict[str, str]
    live: Watching

    @property
    def access(self) -> Access:
        return Access(self.tenant.tenant_id, "owner")

    @property
    def folder(self) -> Path:
        return folder_of(Path(self.environment["DATA_DIR"]))

    def tools(self) -> Tools:
        directory = Directory(self.database)
        return Tools(self.database, directory, self.live, self.folder, self.url, MasterKeys([MASTER_KEY]))

    def upload(self, path: Path, kind: Kind = "sales", source: str = "box-office") -> tuple[Import, Proposal]:
        """The file, received and looked at."""
        file = receive(self.folder, path.name, [path.read_bytes()])
        return begin(self.database, self.access, file, kind, source)

    def confirm(self, found: Import, layout: Layout, **said: Any) -> Import:
        """Read it so, with nothing unsure any more."""
        layout = msgspec.structs.replace(layout, unsure=(), **said)
        require_readable(layout, found.kind)
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            imports.confirm(tenant, found, to_json(layout), found.created_by)
        return self.now(found)

    def now(self, found: Import) -> Import:
        """The import as it stands."""
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            there = imports.get(tenant, self.access, found.import_id)
        assert there is not None
        return there

    def ask(self, found: Import, status: Status) -> Import:
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            imports.ask(tenant, self.now(found), status)
        return self.now(found)

    def do(self, found: Import, status: Status) -> Import:
        """Ask for it and do it in this process."""
        self.ask(found, status)
        assert work(self.tools(), self.tenant.tenant_id, found.import_id)
        return self.now(found)

    def checked(self, path: Path, kind: Kind = "sales", source: str = "box-office", **said: Any) -> Import:
        """Upload, confirm as proposed and check."""
        found, proposal = self.upload(path, kind, source)
        return self.do(self.confirm(found, proposal.layout, **said), "checking")

    def imported(self, path: Path, kind: Kind = "sales", source: str = "box-office", **said: Any) -> Import:
        """All of it."""
        return self.do(self.checked(path, kind, source, **said), "running")

    def errors(self, found: Import) -> list[tuple[int, str, str | None, str | None]]:
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            return [(e.row, e.code, e.field, e.value) for e in imports.errors(tenant, found.import_id)]

    def rows(self, query: str) -> list[Any]:
        """What a query finds of this tenant."""
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            return tenant.execute(query).fetchall()

    def add_venue(self, ref: str) -> UUID:
        venue = uuid4()
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            add_venue(
                tenant, venue, ref, ref, zone="Europe/Berlin", currency="EUR", capacity=10, day_starts=time(6)
            )
        return venue

    def sums(self) -> dict[str, set[Any]]:
        """Every roll-up with what waits applied, without rows of nothing and counters of changes."""
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            rollup_applier.lock(tenant)
            rollup_applier.apply_all(tenant)
        found = {}
        for table in SUMMED:
            skipped = {"version", "updated_at", "changes", "highest_at"}
            columns = [c for c in metadata.tables[table].columns if c.name not in skipped]
            keys = {c.name for c in metadata.tables[table].primary_key}
            rows = self.rows(
                f"SELECT {', '.join(c.name if c.name != 'moves' else 'moves::text' for c in columns)}"
                f" FROM {table}"
            )
            found[table] = {
                row
                for row in rows
                if any(
                    value not in (0, None, False, "")
                    for column, value in zip(columns, row, strict=True)
                    if column.name not in keys
                )
            }
        return found

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of ours."""
        return subprocess.run(
            [sys.executable, "-m", "jobs", *words],
            cwd=ROOT,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "jobs", *words], cwd=ROOT, env=os.environ | self.environment
        )


@pytest.fixture(scope="session")
def place(
    server_urls: Urls, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Database, dict[str, str]]]:
    """A database of its own, because these processes do every import they find."""
    with fresh_database(server_urls.database_url) as url:
        folder = str(tmp_path_factory.mktemp("imports"))
        with closing(Database(url, master=MasterKeys([MASTER_KEY]), max_size=6)) as database:
            yield (
                url,
                database,
                {"DATABASE_URL": url, "REDIS_URL": redis_url, "DATA_DIR": folder, "DEMO": "false"},
            )


@pytest.fixture
def house(place: tuple[str, Database, dict[str, str]]) -> House:
    url, database, environment = place
    return House(database, new_tenant(url), url, environment, Watching())


def csv_file(folder: Path, rows: Sequence[str], encoding: str = "utf-8", name: str = "rows.csv") -> Path:
    """A text file of these lines."""
    path = folder / name
    path.write_bytes("".join(f"{row}\r\n" for row in rows).encode(encoding))
    return path
