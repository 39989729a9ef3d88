"""The data set of the dashboard benchmark in a folder that is kept: made once, found by its ingredients."""

import hashlib
import json
import shutil
import time
from pathlib import Path
from uuid import UUID

from bench.dashboard_data import SEED, UNTIL, DataSet, Size, fill, tidy
from bench.dashboard_rollups import corrected, fill_rollups
from bench.harness import ROOT
from data import embedded
from data.migrations import run

KEPT = ROOT / ".housecount-bench"
TENANT = UUID(int=SEED)
SAMPLE = 40
"""Events in which the product's rebuild must find nothing to correct."""
INGREDIENTS = (
    "bench/dashboard_data.py bench/dashboard_draw.py bench/dashboard_house.py bench/dashboard_rollups.py"
    " data/schema.py data/migrations/versions/*.py data/buckets.py data/presence.py data/price_bands.py"
    " data/rebuild_days.py"
)


def prepared(size: Size) -> tuple[Path, DataSet]:
    """The folder of a stopped PostgreSQL cluster with the data set, made now when it is not there yet."""
    folder = KEPT / f"dashboard-{_ingredients(size)}"
    note = folder / "complete.json"
    if not note.exists():
        for old in KEPT.glob("dashboard-*"):
            shutil.rmtree(old)
        note.write_text(json.dumps(_make(folder, size)))
    return folder, DataSet(TENANT, UNTIL)


def _make(folder: Path, size: Size) -> dict[str, float]:
    """Make it; returns the seconds of every step."""
    took: dict[str, float] = {}

    def step(name: str) -> None:
        took[name] = round(time.perf_counter() - began - sum(took.values()), 1)
        print(f"  {name}: {took[name]:.0f} s", flush=True)

    print(f"making the data set: {size.sales:,} sales, {size.scans:,} scans", flush=True)
    began = time.perf_counter()
    with embedded.servers(folder) as urls:
        run.upgrade(urls.database_url)
        fill(urls.database_url, TENANT, size)
        step("facts")
        fill_rollups(urls.database_url, TENANT)
        step("roll-ups")
        tidy(urls.database_url)
        step("vacuum and statistics")
        wrong = corrected(urls.database_url, TENANT, SAMPLE)
        step(f"the product's rebuild of {SAMPLE} events")
    if wrong:
        shutil.rmtree(folder)
        raise SystemExit(f"The roll-ups are not what the product makes of the facts: {dict(wrong)}")
    return took


def _ingredients(size: Size) -> str:
    digest = hashlib.sha256(repr((size, SEED)).encode())
    for pattern in INGREDIENTS.split():
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
