"""Ticket activity by REST: the shapes that scanners' programs know, who may see them, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from flask import Flask

from app import SERVICES
from data.engine import Database
from data.grants import put_grants
from tests.api.caller import Caller, person
from tests.conftest import Tenant

BATCH = "/api/v1/ingest/batch"
PATHS = ("/stats", "/api/v1/stats")
LISTS = ("scans", "transfers", "invalid-attempts", "days")
FIELDS = (
    "event_id",
    "scan_count",
    "transfer_count",
    "invalid_attempt_count",
    "valid_scan_count",
    "invalid_scan_count",
    "successful_transfer_count",
    "failed_transfer_count",
    "last_updated",
)
START = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def at(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat()


MESSAGES: list[dict[str, Any]] = [
    {"type": "ticket-scan", "ticketId": "T-1", "scannedAt": at(1), "entryPoint": "North", "scannerId": "N-3",
     "deviceInfo": {"model": "TC52"}},
    {"type": "ticket-scan", "ticketId": "T-2", "scannedAt": at(3), "isValid": False, "reason": "used"},
    {"type": "ticket-scan", "ticketId": "T-3", "scannedAt": at(2)},
    {"type": "ticket-scan", "ticketId": "T-3", "scannedAt": at(2), "annuls": True},
    {"type": "ticket-scan", "ticketId": "P-1", "scannedAt": at(4), "admission": False},
    {"type": "ticket-transfer", "ticketId": "T-1", "fromUserId": "ann", "toUserId": "bo", "timestamp": at(0)},
    {"type": "ticket-transfer", "ticketId": "T-1", "fromUserId": "bo", "toUserId": "ann",
     "isSuccessful": False, "reason": "too late", "timestamp": at(5)},
    {"type": "invalid-attempt", "attemptType": "scan", "ticketId": "T-9", "reason": "unknown barcode",
     "gate": "North", "timestamp": at(6)},
    {"type": "invalid-attempt", "attemptType": "validation", "timestamp": at(1500)},
]  # fmt: skip


@pytest.fixture
def gala(program: Caller, tenant: Tenant) -> UUID:
    """A night with a little of everything, and another night with one scan."""
    sent = [{"id": f"m{number}", "eventId": "gala"} | body for number, body in enumerate(MESSAGES)]
    sent.append(MESSAGES[0] | {"id": "other", "eventId": "other"})
    for _ in range(2):  # What is sent again counts once.
        assert program.json("POST", BATCH, sent)["rejected"] == 0
    return uuid5(tenant.tenant_id, "gala")


@pytest.mark.parametrize("path", PATHS)
def test_the_counts_of_an_event_and_of_all_of_them(program: Caller, gala: UUID, path: str) -> None:
    found = program.json("GET", f"{path}?event_id=gala")
    assert tuple(found) == FIELDS
    moment = datetime.fromisoformat(found.pop("last_updated"))
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
    assert tuple(found.values()) == (str(gala), 2, 2, 2, 1, 1, 1, 1)
    assert program.json("GET", f"{path}?event_id={gala}") == program.json("GET", f"{path}?event_id=gala")
    whole = program.json("GET", path)
    assert tuple(whole) == FIELDS
    assert tuple(whole.values())[:8] == (None, 3, 2, 2, 2, 1, 1, 1)


@pytest.mark.parametrize("path", PATHS)
def test_lists_are_newest_first_and_without_anybodys_lasting_name(
    program: Caller, gala: UUID, path: str
) -> None:
    found = program.json("GET", f"{path}/scans?event_id=gala")
    assert (found["event_id"], found["count"]) == (str(gala), 4)
    scans = found["scans"]
    assert [(scan["is_valid"], scan["annuls"]) for scan in scans[:1] + scans[3:]] == [
        (False, False),
        (True, False),
    ]
    assert {scan["annuls"] for scan in scans[1:3]} == {True, False}
    assert scans[3] | {"id": "", "ticket_id": ""} == {
        "id": "",
        "event_id": str(gala),
        "ticket_id": "",
        "scanned_at": "2026-11-21T19:01:00.000Z",
        "entry_point": "North",
        "scanner_id": "N-3",
        "direction": "entry",
        "is_valid": True,
        "annuls": False,
        "reason": None,
        "device_info": {"model": "TC52"},
    }
    assert len({scan["id"] for scan in scans}) == 4
    transfers = program.json("GET", f"{path}/transfers?event_id=gala")
    failed, done = transfers["transfers"]
    assert (transfers["count"], failed["is_successful"], failed["reason"]) == (2, False, "too late")
    assert (failed["from_user_id"], failed["to_user_id"]) == (done["to_user_id"], done["from_user_id"])
    assert done["from_user_id"] != done["to_user_id"]
    assert done["transferred_at"] == "2026-11-21T19:00:00.000Z"
    assert done["ticket_id"] == scans[3]["ticket_id"]
    attempts = program.json("GET", f"{path}/invalid-attempts?event_id=gala")
    assert attempts["count"] == 2
    assert [own["attempt_type"] for own in attempts["invalid_attempts"]] == ["validation", "scan"]
    assert attempts["invalid_attempts"][0]["ticket_id"] is None
    assert attempts["invalid_attempts"][1]["entry_point"] == "North"
    told = "".join(program("GET", f"{path}/{part}?event_id=gala").text for part in LISTS)
    for name in ("T-1", "T-9", "ann", "bo"):
        assert f'"{name}"' not in told


@pytest.mark.parametrize("path", PATHS)
def test_days_add_up_to_the_counts(program: Caller, gala: UUID, path: str) -> None:
    found = program.json("GET", f"{path}/days?event_id=gala")
    assert [day["date"] for day in found["days"]] == ["2026-11-22", "2026-11-21"]
    whole = program.json("GET", f"{path}?event_id=gala")
    for name in FIELDS[1:8]:
        assert sum(day[name] for day in found["days"]) == whole[name], name


def test_a_customer_is_called_as_in_the_rows_of_today_and_by_no_hash_that_lasts(
    program: Caller, whole_server: Flask, tenant: Tenant, gala: UUID
) -> None:
    directory = whole_server.extensions[SERVICES].directory
    directory.forget(tenant.tenant_id)  # The night is younger than what is held.
    lasting = str(directory.customer(tenant.tenant_id, "ann"))
    transfers = program("GET", "/stats/transfers?event_id=gala").text
    assert lasting not in transfers
    rows = program.json("POST", "/api/v1/analytics/rows", {"kind": "scans", "range": {"named": "all"}})
    column = [one["name"] for one in rows["columns"]].index("ticket")
    named = {scan["ticket_id"] for scan in program.json("GET", "/stats/scans?event_id=gala")["scans"]}
    assert named & {row[column] for row in rows["rows"]}


def test_limits_hold(program: Caller, gala: UUID) -> None:
    for path in PATHS:
        for part in LISTS:
            found = program.json("GET", f"{path}/{part}?event_id=gala&limit=1")
            name = part.replace("-", "_")
            assert (len(found[name]), found["count"]) == (1, 1)
            assert program("GET", f"{path}/{part}?event_id=gala&limit=500").status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("", "event_id"),
        ("?event_id=", "event_id"),
        ("?event_id=gala&event_id=other", "event_id"),
        ("?event_id=%00", "event_id"),
        (f"?event_id={'x' * 201}", "event_id"),
        *(
            (f"?event_id=gala&limit={limit}", "limit")
            for limit in ("0", "501", "-1", "ten", "", "1.5", "9" * 5000, "%D9%A3", "1&limit=2")
        ),
    ],
    ids=range(14),
)
def test_a_bad_parameter_is_named(program: Caller, gala: UUID, path: str, question: str, field: str) -> None:
    for part in LISTS:
        answer = program("GET", f"{path}/{part}{question}")
        assert answer.json is not None
        assert (answer.status_code, answer.json["code"], answer.json["field"]) == (
            400,
            "bad-parameters",
            field,
        )
    if question and field == "event_id":
        assert program("GET", f"{path}{question}").status_code == 400


def test_strangers_and_other_methods_are_told_problems(
    program: Caller, whole_server: Flask, gala: UUID
) -> None:
    for path in PATHS:
        for address in (path, *(f"{path}/{part}?event_id=gala" for part in LISTS)):
            refused = whole_server.test_client().get(address)
            assert (refused.status_code, refused.mimetype) == (401, "application/problem+json")
            wrong = program.client.post(address, json={}, headers=program.headers)
            assert (wrong.status_code, wrong.mimetype) == (405, "application/problem+json")
        missing = program("GET", f"{path}?event_id=nowhere")
        assert missing.json is not None
        assert (missing.status_code, missing.json["code"]) == (404, "event-not-found")


def test_a_promoter_counts_the_granted_events_and_sees_no_lines(
    whole_server: Flask, database: Database, tenant: Tenant, gala: UUID
) -> None:
    promoter = person(whole_server, database, tenant, "promoter")
    assert promoter.json("GET", "/stats")["scan_count"] == 0
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.execute("SELECT user_id FROM users WHERE role = 'promoter'").fetchall()
        put_grants(connection, rows[0][0], "events", [uuid5(tenant.tenant_id, "other")])
    assert promoter.json("GET", "/stats")["scan_count"] == 1
    assert promoter("GET", "/stats?event_id=other").status_code == 200
    hidden, nothing = (promoter("GET", f"/stats?event_id={ref}") for ref in ("gala", "nowhere"))
    assert hidden.status_code == nothing.status_code == 404
    assert promoter("GET", "/stats/days?event_id=gala").status_code == 404
    assert promoter("GET", "/stats/scans?event_id=other").status_code == 403


def test_an_event_of_which_nothing_is_known_has_zeros(
    program: Caller, database: Database, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, name) VALUES (%s, %s, %s, 'Quiet')",
            [tenant.tenant_id, tenant.venue_id, UUID(int=9)],
        )
    found = program.json("GET", f"/stats?event_id={UUID(int=9)}")
    assert tuple(found.values()) == (str(UUID(int=9)), 0, 0, 0, 0, 0, 0, 0, None)
    for part in LISTS:
        assert program.json("GET", f"/stats/{part}?event_id={UUID(int=9)}")["count"] == 0
