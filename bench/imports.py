"""How fast a spreadsheet of a million rows is checked, imported and undone, and how much memory it takes.

A production server with its worker; the file is uploaded by REST as anybody would. The process that imports
is watched: its memory must not grow with the file. Beside it a workbook with many different texts is read by
our reader, and by openpyxl.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
from xlsxwriter import Workbook

from bench.harness import ROOT, Server, Tenant, new_tenant, print_machine, print_result, scalar, server

PATH = "/api/v1/imports"
SETTLED = 0.05
"""Share of the rows after which memory is expected to grow no more."""
COLUMNS = ("Row", "Event", "Sold at", "Amount", "Tickets", "Category", "Order", "Ticket", "Channel", "E-mail")
READ = r"""
import re, sys, time
from pathlib import Path
path, way = Path(sys.argv[1]), sys.argv[2]
peak = lambda: int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
rows, began, first = 0, time.perf_counter(), 0.0
if way == "ours":
    from ingest.files import xlsx
    with xlsx.opened(path) as source:
        first = peak()
        for rows, _ in source: pass
else:
    from openpyxl import load_workbook
    first = peak()
    for row in load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True): rows += 1
print(rows, time.perf_counter() - began, peak() - first, peak())
"""


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(prog="make bench-imports", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the file")
    parser.add_argument("--workbook-rows", type=int, default=300_000, help="rows of the workbook; 0 for none")
    parser.add_argument("--keep", action="store_true", help="do not undo it at the end")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="housecount-bench-") as folder:
        path = Path(folder) / "sales.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write(",".join(COLUMNS) + "\n")
            file.writelines(",".join(map(str, row)) + "\n" for row in sales(options.rows))
        print(f"{options.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB")
        with server() as running:
            print_machine(running)
            result = _import(running, new_tenant(running), path, options.rows, options.keep)
        if options.workbook_rows:
            _read_workbooks(Path(folder), options.workbook_rows)
    print_result(result)


def sales(count: int) -> Iterator[tuple[object, ...]]:
    """Rows of sales in the order of their times: a year with two hundred events, twenty of them on sale at a
    time, every row with another ticket, every second with another order."""
    first = datetime.now(UTC).replace(tzinfo=None, microsecond=0) - timedelta(days=365)
    for n in range(count):
        at = first + timedelta(seconds=n * 31_000_000 / count)
        event, category = n * 180 // count + n * 7 % 20, ("Stalls", "Balcony", "Box")[n % 3]
        channel = ("web", "box office", "agency")[n // 3 % 3]
        amount = f"{20 + n % 60}.50"
        customer = f"c{n % 100_000}@example.org"
        yield n, f"E{event}", at, amount, 1 + n % 3, category, f"O{n // 2}", f"T{n}", channel, customer


def _import(running: Server, tenant: Tenant, path: Path, rows: int, keep: bool) -> dict[str, float | int]:
    headers = {"Authorization": f"Bearer {tenant.token}"}
    with httpx.Client(base_url=running.url, headers=headers, timeout=300) as client:
        began = time.perf_counter()
        made = client.post(
            PATH, params={"kind": "sales", "source": "bench", "name": path.name}, content=_sent(path)
        )
        made.raise_for_status()
        print(f"uploaded in {time.perf_counter() - began:.1f} s, and looked at")
        one = f"{PATH}/{made.json()['id']}"
        assert made.json()["layout"]["unsure"] == [], made.text
        checked, seconds, growth, peak = _step(running, client, one, "check")
        assert checked["checkedNew"] == rows, checked
        print(f"checked: {rows / seconds:,.0f} rows/s, +{growth:.1f} MB beyond {peak - growth:.0f} MB")
        done, seconds, growth, peak = _step(running, client, one, "run")
        assert (done["accepted"], done["rejected"]) == (rows, 0), done
        print(f"imported: {rows / seconds:,.0f} rows/s, +{growth:.1f} MB beyond {peak - growth:.0f} MB")
        result: dict[str, float | int] = {
            "rows_per_s": round(rows / seconds),
            "rss_growth_mb": round(growth, 1),
        }
        sold = scalar(
            running, tenant, "SELECT sum(sold)::bigint FROM event_totals WHERE tenant_id = %(tenant)s"
        )
        assert sold == sum(1 + n % 3 for n in range(rows)), sold
        if keep:
            return result
        undone, seconds, growth, _ = _step(running, client, one, "undo")
        assert undone["status"] == "undone", undone
        print(f"undone: {rows / seconds:,.0f} rows/s, +{growth:.1f} MB")
        left = scalar(running, tenant, "SELECT count(*) FROM ticket_sales WHERE tenant_id = %(tenant)s")
        assert left == 0, left
    return result | {"undo_rows_per_s": round(rows / seconds)}


def _step(running: Server, client: httpx.Client, one: str, name: str) -> tuple[Any, float, float, float]:
    """Have it done; the import afterwards, seconds it took, growth and peak of the memory of who did it."""
    client.post(f"{one}/{name}").raise_for_status()
    settled = peak = 0.0
    seen: dict[float, float] = {}
    began = None
    while True:
        now = client.get(one).json()
        if began is None and now["startedAt"]:
            began = time.perf_counter()
        memory = _memory(running)
        if now["progress"] >= SETTLED and not settled:
            settled = memory
        if memory and round(now["progress"] * 100) % 10 == 0 and now["progress"] not in seen:
            seen[now["progress"]] = memory
        peak = max(peak, memory)
        if now["status"] not in ("checking", "running", "undoing"):
            assert began is not None
            print("  MB by share of rows:", ", ".join(f"{at:.0%} {mb:.0f}" for at, mb in seen.items()))
            return now, time.perf_counter() - began, max(0.0, peak - (settled or peak)), peak
        time.sleep(0.25)


def _memory(running: Server) -> float:
    """Resident memory of the process that imports, in MB; 0 without one."""
    for process in running.supervisor.children(recursive=True):
        try:
            if "import-uploaded" in process.cmdline():
                return float(process.memory_info().rss / 1e6)
        except psutil.Error:
            continue
    return 0.0


def _sent(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            yield part


def _read_workbooks(folder: Path, rows: int) -> None:
    path = folder / "sales.xlsx"
    book = Workbook(str(path), {"constant_memory": False, "tmpdir": str(folder)})
    sheet = book.add_worksheet()
    when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.write_row(0, 0, COLUMNS)
    for number, row in enumerate(sales(rows), start=1):
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_datetime(number, column, value, when)
            else:
                sheet.write(number, column, value)
    book.close()
    print(f"workbook: {rows:,} rows, {path.stat().st_size / 1e6:.0f} MB")
    for way in ("ours", "openpyxl"):
        out = subprocess.run(
            [sys.executable, "-c", READ, str(path), way], cwd=ROOT, capture_output=True, text=True, check=True
        )
        read, seconds, growth, peak = map(float, out.stdout.split())
        print(
            f"  {way}: {read / seconds:,.0f} rows/s, +{growth:.0f} MB, {peak:.0f} MB in all"
            + ("" if read == rows + 1 else f" ({json.dumps(read)} rows)")
        )


if __name__ == "__main__":
    main()
