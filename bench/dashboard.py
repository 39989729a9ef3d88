"""What a board costs over 5,000,000 sales and 3,000,000 scans of twenty venues.

Eight questions go in one request to the production server, beside the same SQL on the raw facts; the answers
have to be equal. Then cached loads by eight clients at once, and a board of eight widgets in Chromium.
"""

import argparse
import http.client
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from bench.board_page import Board, board_of, browse, forget, page_rate
from bench.dashboard_cache import prepared
from bench.dashboard_data import DataSet, Size
from bench.dashboard_questions import Question, Round, comparable, questions, raw, rounds
from bench.harness import MASTER_KEY, Meter, Server, percentile, print_machine, print_result, server
from bench.load import drive, request
from data.engine import Database
from data.export_privacy import renaming
from data.keys import MasterKeys

PATH = "/api/v1/analytics/query"
COMPARED = 3
"""Rounds that are also asked of the raw facts."""
CLIENTS = 8
BARS = "ratio_to_raw_sql ≤ 0.2, batch_p95_ms ≤ 100, cold_last_chart_ms ≤ 1500, warm_last_chart_ms ≤ 800,"
BARS += " loads_per_s ≥ 100"


@dataclass(frozen=True)
class Asked:
    """A round's answers and how long the one request took, in ms."""

    took: float
    rows: list[list[list[Any]]]


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(prog="make bench-dashboard", description=__doc__)
    parser.add_argument("--sales", type=int, default=Size.sales, help="tickets sold or given")
    parser.add_argument("--scans", type=int, default=Size.scans, help="scans at the doors")
    parser.add_argument("--rounds", type=int, default=60, help="uncached requests, each of other spans")
    parser.add_argument("--loads", type=int, default=2_000, help="cached requests")
    options = parser.parse_args()
    size = Size(options.sales, options.scans)
    folder, data = prepared(size)
    with server(folder) as running:
        print_machine(running)
        keys = MasterKeys([MASTER_KEY])
        database = Database(running.database_url, master=keys, max_size=1)
        try:
            board = board_of(database, data)
            with database.tenant(data.tenant_id) as tenant:
                asked = rounds(tenant, data, options.rounds + 5)
            print(f"data: {size.sales:,} tickets, {size.scans:,} scans, 20 venues, 9 currencies, 3 years")
            result = measure_uncached(running, database, data, board, asked)
            result |= measure_cached(running, board, asked[0], options.loads)
        finally:
            database.close()
        result |= browse(running, board)
    print(f"bars: {BARS}")
    print_result({name: round(value, 4) for name, value in result.items()})


def measure_uncached(
    running: Server, database: Database, data: DataSet, board: Board, asked: Sequence[Round]
) -> dict[str, float]:
    """One request a round, none of which was asked before; the first rounds also by SQL on the facts."""
    door = http.client.HTTPConnection("127.0.0.1", running.port)
    forget(running)  # The folder is kept, and with it the answers of an earlier run.
    for warm in asked[-5:]:
        ask(door, board.token, questions(warm))
    meter = Meter.start(running)
    found = [ask(door, board.token, questions(each)) for each in asked[:-5]]
    cpu, others = meter.used(), meter.others()
    door.close()
    raw_ms: list[list[float]] = []
    for each, answers in zip(asked[:COMPARED], found, strict=False):
        raw_ms.append(compare(database, data, questions(each), answers))
    took = [each.took for each in found]
    print(f"one request for all eight, uncached, {len(took)} rounds: {spread(took)}")
    spent = ", ".join(f"{name} {1000 * used / len(took):.0f}" for name, used in sorted(cpu.items()) if used)
    print(f"CPU per request in ms: {spent}; other programs kept {others:.2f} cores busy")
    print(f"the same on the raw facts, the better of two runs each, median of {COMPARED} rounds:")
    medians = [statistics.median(own) for own in zip(*raw_ms, strict=True)]
    for question, median in zip(questions(asked[0]), medians, strict=True):
        print(f"  {median:8.0f} ms  {question.name} ({question.scope})")
    print(f"  {sum(medians):8.0f} ms  together")
    return {
        "ratio_to_raw_sql": statistics.median(took) / sum(medians),
        "batch_p95_ms": percentile(took, 95),
    }


def ask(door: http.client.HTTPConnection, token: str, eight: Sequence[Question]) -> Asked:
    """The answers to all questions in one request. Stops the benchmark when it is refused."""
    body = msgspec.json.encode({"queries": [question.body for question in eight]})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    began = time.perf_counter()
    door.request("POST", PATH, body, headers)
    answer = door.getresponse()
    text = answer.read()
    took = 1000 * (time.perf_counter() - began)
    if answer.status != 200:
        raise SystemExit(f"The server answered {answer.status}: {text[:500]!r}")
    return Asked(took, [own["rows"] for own in msgspec.json.decode(text)["answers"]])


def compare(database: Database, data: DataSet, eight: Sequence[Question], answers: Asked) -> list[float]:
    """Milliseconds of each question on the raw facts. Stops the benchmark where an answer differs."""
    took = []
    for question, rows in zip(eight, answers.rows, strict=True):
        runs = []
        for _ in range(2):
            with database.tenant(data.tenant_id, snapshot=True) as tenant:
                began = time.perf_counter()
                expected = raw(tenant, question)
                runs.append(1000 * (time.perf_counter() - began))
                if "customer" in question.body.get("dimensions", ()):
                    rename = renaming(tenant, datetime.now(UTC))  # As customers leave the house.
                    expected = [(rename(customer), *rest) for customer, *rest in expected]
        if comparable(rows) != comparable(expected):
            differing = set(comparable(rows)) ^ set(comparable(expected))
            raise SystemExit(f"{question.name}: the answers differ, e.g. in {sorted(differing)[:3]}")
        took.append(min(runs))
    return took


def measure_cached(running: Server, board: Board, asked: Round, loads: int) -> dict[str, float]:
    """Board loads a second by eight clients at once: the data of all widgets, and the whole page."""
    body = msgspec.json.encode({"queries": [question.body for question in questions(asked)]})
    one = request(PATH, body, board.token)
    drive(running.port, [one] * 50, CLIENTS)
    meter = Meter.start(running)
    report = drive(running.port, [one] * loads, CLIENTS)
    cpu, others = meter.used(), meter.others()
    if set(report.statuses) != {200}:
        raise SystemExit(f"The server answered {report.statuses}.")
    rate, latencies = loads / report.seconds, [1000 * seconds for seconds in report.latencies]
    print(f"the same request, cached, {CLIENTS} clients: {rate:.0f}/s, {spread(latencies)}")
    busy = ", ".join(f"{name} {used / report.seconds:.2f}" for name, used in sorted(cpu.items()))
    print(f"cores busy meanwhile: {busy}; other programs {others:.2f}; the limit is the one web process")
    page_rate(running, board, CLIENTS)
    return {"loads_per_s": rate}


def spread(values: Sequence[float]) -> str:
    """p50, p95 and the longest, in ms."""
    shown = " / ".join(f"{percentile(list(values), percent):.0f}" for percent in (50, 95, 100))
    return f"p50 / p95 / longest {shown} ms"


if __name__ == "__main__":
    main()
