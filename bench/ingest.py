"""How fast messages become committed facts with roll-ups, beside plain COPY of the same rows.

Batches of 1,000 and single POSTs go over loopback HTTP to the production server; afterwards the
database is asked whether everything arrived and adds up.
"""

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice, zip_longest

from bench.bull import measure_bull
from bench.evenings import past_evenings
from bench.harness import (
    Meter,
    Server,
    Tenant,
    new_tenant,
    percentile,
    print_machine,
    print_result,
    scalar,
    server,
)
from bench.load import Report, drive, request
from bench.plain_copy import FACTS, RECEIVED, copy_rates
from bench.rabbitmq import measure_rabbitmq
from data import partitions
from data.demo_house import DemoEvent
from data.demo_programme import history_begins
from jobs.demo_messages import messages
from jobs.demo_sales import orders

BATCH = 1_000
AT_ONCE = 4
"""Evenings that go on at the same time, each with a sender of its own."""
SENDERS = 4
SINGLE_CLIENTS = 64
WARM_UP = 500
BATCH_PATH, SINGLE_PATH = "/api/v1/ingest/batch", "/api/v1/analytics/events"


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(prog="make bench-ingest", description=__doc__)
    parser.add_argument(
        "--evenings", type=int, default=32, help="demo evenings to send, about 4,900 messages each"
    )
    parser.add_argument("--singles", type=int, default=20_000, help="single POSTs with group commit")
    parser.add_argument("--queue-evenings", type=int, default=20, help="of these, how many by each queue")
    options = parser.parse_args()
    evenings = past_evenings(options.evenings + 12)
    result: dict[str, float] = {}
    with server() as running:
        print_machine(running)
        partitions.ensure(running.database_url, history_begins(datetime.now(UTC).date()))
        tenant = new_tenant(running)
        drive(running.port, batches(evenings[:1], tenant), SENDERS)  # Warm caches, plans and the pool.
        result |= measure_batches(running, tenant, evenings[1 : options.evenings + 1])
        result |= measure_copy(running, result)
    # Each way on a server of its own, so that none pays for what the batches left to be tidied up.
    singles = evenings[options.evenings + 1 :]
    result["single_per_s"] = measure_singles(singles, options.singles, group_commit=True)
    result["single_alone_per_s"] = measure_singles(singles, options.singles // 5, group_commit=False)
    print(
        f"single POSTs: group commit gives {result['single_per_s'] / result['single_alone_per_s']:.1f} times"
    )
    with server() as running:
        partitions.ensure(running.database_url, history_begins(datetime.now(UTC).date()))
        result |= measure_bull(running, new_tenant(running), evenings[: options.queue_evenings])
        result |= measure_rabbitmq(running, new_tenant(running), evenings[: options.queue_evenings])
    order = "batch_per_s copy_per_s ratio_to_copy single_per_s single_alone_per_s p95_ms cpu_us_per_message"
    order += " copy_of_facts_per_s copy_of_ready_text_per_s bull_per_s bull_ratio_to_npm"
    order += " rabbitmq_per_s rabbitmq_ratio_to_pika"
    print_result({name: round(result[name], 3) for name in order.split()})


def measure_batches(running: Server, tenant: Tenant, evenings: Sequence[DemoEvent]) -> dict[str, float]:
    """Batches of 1,000 over a few connections, and whether the totals are those of the model."""
    requests = list(batches(evenings, tenant))
    sent_before = scalar(running, tenant, "SELECT count(*) FROM messages WHERE tenant_id = %(tenant)s")
    meter = Meter.start(running)
    report = drive(running.port, requests, SENDERS)
    cpu, others = meter.used(), meter.others()
    committed = scalar(running, tenant, "SELECT count(*) FROM messages WHERE tenant_id = %(tenant)s")
    count = committed - sent_before
    expect(report, len(requests))
    check_totals(running, tenant, evenings)
    rate = count / report.seconds
    print(
        f"data: {count:,} messages of {len(evenings)} demo evenings, {AT_ONCE} at a time, {SENDERS} senders"
    )
    print(f"batches of {BATCH:,}: {rate:,.0f} messages/s committed with roll-ups, {latencies(report)}")
    used = ", ".join(f"{name} {1e6 * seconds / count:.0f}" for name, seconds in sorted(cpu.items()))
    print(f"CPU per message in µs: {used}; other programs kept {others:.2f} cores busy")
    return {
        "batch_per_s": rate,
        "p95_ms": 1000 * percentile(report.latencies, 95),
        "cpu_us_per_message": 1e6 * sum(cpu.values()) / count,
        "committed": committed,
    }


def measure_copy(running: Server, result: dict[str, float]) -> dict[str, float]:
    """The rows of everything sent so far, into a table without index, key or policy."""
    count = int(result["committed"])
    rates = copy_rates(running.database_url, count, BATCH, RECEIVED + FACTS)
    facts = copy_rates(running.database_url, count, BATCH, FACTS)
    for title, one in (("messages and facts", rates), ("facts alone", facts)):
        print(
            f"COPY of their {one.rows:,} rows ({title}) into a bare table, a commit per {BATCH:,} messages:"
        )
        print(f"  by psycopg from Python values: {one.from_values:,.0f} messages/s")
        print(f"  from text made beforehand: {one.from_text:,.0f} messages/s")
        print(f"  the same over two connections: {one.from_text_twice:,.0f} messages/s")
    return {
        "copy_per_s": rates.from_values,
        "ratio_to_copy": result["batch_per_s"] / rates.from_values,
        "copy_of_facts_per_s": facts.from_values,
        "copy_of_ready_text_per_s": max(rates.from_text, rates.from_text_twice),
    }


def measure_singles(evenings: Sequence[DemoEvent], count: int, *, group_commit: bool) -> float:
    """Requests/s, one message each, from 64 clients at once."""
    with server(group_commit=group_commit) as running:
        partitions.ensure(running.database_url, history_begins(datetime.now(UTC).date()))
        requests = single_requests(evenings, new_tenant(running), count + WARM_UP)
        drive(running.port, requests[:WARM_UP], SINGLE_CLIENTS)
        meter = Meter.start(running)
        report = drive(running.port, requests[WARM_UP:], SINGLE_CLIENTS)
        others = meter.others()
    expect(report, count)
    rate = count / report.seconds
    print(
        f"single POSTs, {SINGLE_CLIENTS} clients, {'group commit' if group_commit else 'a transaction each'}:"
        f" {rate:,.0f}/s, {latencies(report)}; other programs kept {others:.2f} cores busy"
    )
    return rate


def batches(evenings: Sequence[DemoEvent], tenant: Tenant) -> list[bytes]:
    """The requests: a few evenings at a time, each with batches of its own in the order of its messages."""
    found: list[bytes] = []
    for start in range(0, len(evenings), AT_ONCE):
        streams = [_batches(event, tenant) for event in evenings[start : start + AT_ONCE]]
        found += [one for together in zip_longest(*streams) for one in together if one is not None]
    return found


def _batches(event: DemoEvent, tenant: Tenant) -> list[bytes]:
    bodies = [message.body for message in messages(event)]
    return [
        request(BATCH_PATH, b"\n".join(bodies[at : at + BATCH]), tenant.token, "application/x-ndjson")
        for at in range(0, len(bodies), BATCH)
    ]


def single_requests(evenings: Sequence[DemoEvent], tenant: Tenant, count: int) -> list[bytes]:
    """The first `count` messages, a request each."""

    def bodies() -> Iterator[bytes]:
        for event in evenings:
            yield from (message.body for message in messages(event))

    return [request(SINGLE_PATH, body, tenant.token) for body in islice(bodies(), count)]


def check_totals(running: Server, tenant: Tenant, evenings: Sequence[DemoEvent]) -> None:
    """Stop with an error unless roll-ups and totals say what the model sold, in every grain."""
    sold = 0
    for event in evenings:
        for order in orders(event):
            sold += sum(t.cancelled_at is None for t in order.tickets) if not order.comp else 0
    names = [event.ref for event in evenings]
    of_these = (
        "tenant_id = %(tenant)s AND event_id IN (SELECT event_id FROM events WHERE tenant_id = %(tenant)s"
        f" AND external_id IN ({', '.join(repr(name) for name in names)}))"
    )
    counted = [scalar(running, tenant, f"SELECT sum(sold) FROM event_totals WHERE {of_these}")]
    for grain in ("1min", "5min", "hourly", "daily"):
        query = f"SELECT sum(sold) FROM venue_analytics WHERE grain = '{grain}' AND {of_these}"
        counted.append(scalar(running, tenant, query))
    if any(found != sold for found in counted):
        raise SystemExit(f"The totals are wrong: {counted} instead of {sold} tickets.")
    print(f"checked: {sold:,} tickets in the totals and in all four grains")


def expect(report: Report, count: int) -> None:
    """Stop with an error unless every request was answered 202."""
    if report.statuses != {202: count}:
        raise SystemExit(f"The server answered {report.statuses}.")


def latencies(report: Report) -> str:
    """p50, p95 and p99 in words."""
    values = (percentile(report.latencies, percent) * 1000 for percent in (50, 95, 99))
    return "p50 {:.1f}, p95 {:.1f}, p99 {:.1f} ms".format(*values)


if __name__ == "__main__":
    main()
