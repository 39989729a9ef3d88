"""How soon a fresh Housecount can be used, and how much memory it takes: `make bench-footprint`.

Starts it in an empty data folder, signs in with the demo login as soon as that works, and waits for a
Tonight page with figures. Then it samples the resident memory of the whole process tree while the demo's
night runs. RSS counts memory that several processes share once for each of them; PSS counts it once in all.
"""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from data.demo_login import DEMO_EMAIL, DEMO_PASSWORD

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 120
SAMPLE_SECONDS = 60


def main() -> None:
    """Print the measurements, the last line as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        port, metrics_port = free_ports(2)
        settings = {"DATA_DIR": folder, "PORT": str(port), "METRICS_PORT": str(metrics_port)}
        began = time.monotonic()
        log = Path(folder) / "output.log"
        with log.open("wb") as output:
            housecount = subprocess.Popen(
                [sys.executable, "launch.py"],
                cwd=ROOT,
                env=os.environ | settings,
                stdout=output,
                stderr=output,
            )
        try:
            wait_for_figures(f"http://127.0.0.1:{port}", housecount)
            ready = time.monotonic() - began
            rows, rss, pss = measure(psutil.Process(housecount.pid))
        finally:
            housecount.send_signal(signal.SIGTERM)
            housecount.wait()
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    print("data: an empty data folder, filled by the demo seed; load: the demo simulator")
    for name, megabytes in rows:
        print(f"  {megabytes:7.1f} MB  {name}")
    result = {"ready_s": round(ready, 1), "rss_mb": round(rss), "pss_mb": round(pss), "processes": len(rows)}
    print(json.dumps(result))


def wait_for_figures(url: str, housecount: subprocess.Popen[bytes]) -> None:
    """Return when a signed-in person gets a page that shows an event."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and housecount.poll() is None:
        try:
            with httpx.Client(base_url=url, follow_redirects=True, timeout=10) as browser:
                form = browser.get("/login").text
                csrf = re.search(r'name="csrf" value="([^"]+)"', form)
                if csrf is not None:
                    login = {"csrf": csrf[1], "email": DEMO_EMAIL, "password": DEMO_PASSWORD, "next": "/"}
                    page = browser.post("/login", data=login)
                    if page.status_code == 200 and 'id="first-paint"' in page.text:
                        return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("Housecount did not become usable.")


def measure(supervisor: psutil.Process) -> tuple[list[tuple[str, float]], float, float]:
    """(Name, RSS in MB) of each process in the largest sample, that sample's RSS and PSS in MB."""
    best: tuple[list[tuple[str, float]], float, float] = ([], 0.0, 0.0)
    deadline = time.monotonic() + SAMPLE_SECONDS
    while time.monotonic() < deadline:
        rows, pss = [], 0.0
        for process in [supervisor, *supervisor.children(recursive=True)]:
            try:
                memory = process.memory_full_info()
                rows.append((" ".join(process.cmdline())[:90] or process.name(), memory.rss / 1e6))
                pss += getattr(memory, "pss", 0) / 1e6
            except psutil.NoSuchProcess:
                continue
        if (rss := sum(row[1] for row in rows)) > best[1]:
            best = (sorted(rows, key=lambda row: -row[1]), rss, pss)
        time.sleep(1)
    return best


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on at the moment."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


if __name__ == "__main__":
    main()
