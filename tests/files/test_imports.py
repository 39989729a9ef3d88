"""Imports from the file to the ledger: once, whatever comes again, and back out without a trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data import rebuild, webhooks
from data.imports import NotNow
from ingest.refusal import Refused
from tests.files.conftest import House, csv_file

SALES = [
    "Event;Verkauft am;Betrag;Anzahl;Kategorie;Bestellnummer;E-Mail",
    "GALA;21.11.2025 19:30;1.234,50;2;Parkett;A1;ada@example.org",
    "GALA;22.11.2025 10:00;12,50;1;Rang;A2;bob@example.org",
    "GALA;22.11.2025 10:00;12,50;1;Rang;A2;bob@example.org",
    "GALA;23.11.2025 09:00;-12,50;-1;Rang;A2;bob@example.org",
    "",
    "BALL;24.11.2025;8 €;;;A3;",
    "BALL;31.02.2025 10:00;8;;;A4;eve@example.org",
    "BALL;24.11.2025 10:00;acht;;;A5;eve@example.org",
]


def test_webhooks_are_told_how_an_import_ended_and_of_no_check(house: House, tmp_path: Path) -> None:
    with house.database.tenant(house.tenant.tenant_id) as tenant:
        webhooks.add(tenant, "https://hooks.example/", "", ["import.finished"], ())
    found, proposal = house.upload(csv_file(tmp_path, SALES, "windows-1252"))
    checked = house.do(house.confirm(found, proposal.layout), "checking")
    assert house.rows("SELECT body FROM webhook_messages") == []
    done = house.do(checked, "running")
    [(body,)] = house.rows("SELECT body FROM webhook_messages")
    told = json.loads(body)["data"]
    assert told == {
        "importId": str(done.import_id),
        "kind": "sales",
        "fileName": done.file_name,
        "status": "done",
        "accepted": 5,
        "duplicates": 0,
        "rejected": 2,
    }


def test_a_german_sales_list_is_checked_then_written_once_and_repeated_without_effect(
    house: House, tmp_path: Path
) -> None:
    path = csv_file(tmp_path, SALES, "windows-1252")
    found, proposal = house.upload(path)
    layout = proposal.layout
    assert (layout.delimiter, layout.decimal, layout.dates) == (";", "comma", "iso")
    assert layout.unsure == ("encoding",)  # The € is all that tells, and not which encoding it is.
    checked = house.do(house.confirm(found, layout), "checking")
    assert (checked.status, checked.checked_rows, checked.checked_new, checked.checked_rejected) == (
        "checked",
        7,
        5,
        2,
    )
    assert house.errors(checked) == [
        (8, "bad-timestamp", "Verkauft am", "31.02.2025 10:00"),
        (9, "not-a-number", "Betrag", "acht"),
    ]
    assert house.rows("SELECT 1 FROM messages") == []  # A check writes nothing.
    done = house.do(checked, "running")
    assert (done.status, done.accepted, done.duplicates, done.rejected) == ("done", 5, 0, 2)
    assert not list(house.folder.glob(f"{done.import_id}*"))  # The file is not needed any more.
    lines = house.rows(
        "SELECT kind, quantity, amount_minor, ticket_type, to_char(occurred_at AT TIME ZONE 'Europe/London',"
        " 'DD HH24:MI') FROM ticket_sales ORDER BY occurred_at, kind, amount_minor"
    )
    assert lines == [
        ("sale", 2, 123450, "Parkett", "21 19:30"),
        ("sale", 1, 1250, "Rang", "22 10:00"),
        ("sale", 1, 1250, "Rang", "22 10:00"),  # Two who paid the same are two.
        ("cancellation", -1, 0, "Rang", "23 09:00"),
        ("refund", 0, -1250, "Rang", "23 09:00"),
        ("sale", 1, 800, None, "24 12:00"),
    ]
    assert "example.org" not in str(house.rows("SELECT payload FROM messages"))
    sums = house.sums()
    again = house.imported(path)  # As it was confirmed: nothing is asked again.
    assert (again.accepted, again.duplicates, again.rejected) == (0, 5, 2)
    assert house.sums() == sums


def test_undone_it_is_as_if_it_had_never_been_and_can_be_imported_again(house: House, tmp_path: Path) -> None:
    before = csv_file(
        tmp_path, [*SALES[:1], "GALA;20.11.2025 10:00;5,00;1;Rang;B1;bob@example.org"], name="b.csv"
    )
    house.imported(before, source="earlier", encoding="utf-8")
    scans = csv_file(
        tmp_path,
        [
            "event,time,ticket,direction,gate",
            "GALA,2025-11-30 19:00,T1,in,North",
            "GALA,2025-11-30 20:00,T1,out,North",
            "GALA,2025-11-30 19:05,T2,in,North",
        ],
        name="s.csv",
    )
    house.imported(scans, "scans", "earlier")
    untouched, events = house.sums(), house.rows("SELECT event_id, name, registered FROM events")
    sales = house.imported(csv_file(tmp_path, SALES, "windows-1252"))
    more = house.imported(
        csv_file(
            tmp_path,
            [
                "event,time,ticket,direction,gate",
                "GALA,2025-11-30 19:00,T1,in,North",
                "GALA,2025-11-30 19:30,T2,out,North",
                "GALA,2025-11-30 19:40,T3,in,South",
            ],
            name="t.csv",
        ),
        "scans",
        "later",
    )
    assert (more.accepted, house.sums() == untouched) == (3, False)
    assert house.rows("SELECT count(*) FROM events") == [(2,)]
    for found in (sales, more):
        undone = house.do(found, "undoing")
        assert (undone.status, undone.undone, undone.error) == ("undone", found.accepted, None)
    assert house.sums() == untouched
    assert house.rows("SELECT event_id, name, registered FROM events") == events  # The ball is gone.
    assert house.rows("SELECT count(*) FROM messages") == [(4,)]
    assert house.rows("SELECT count(*) FROM message_keys") == [(4,)]
    assert not any(
        map(any, [list(wrong) for wrong in rebuild.rebuild(house.database, house.tenant.tenant_id)])
    )
    again = house.imported(csv_file(tmp_path, SALES, "windows-1252"))
    assert (again.accepted, again.duplicates) == (5, 0)
    with pytest.raises(NotNow):
        house.ask(sales, "undoing")


def test_a_programme_is_entered_corrected_by_a_second_file_and_put_back(house: House, tmp_path: Path) -> None:
    first = csv_file(
        tmp_path,
        ["id,title,date,doors,start,end,capacity,status", "E1,Gala,2026-12-31,18:30,20:00,01:30,500,on sale"],
    )
    done = house.imported(first, "events")
    assert (done.accepted, done.rejected) == (1, 0)
    shown = (
        "SELECT name, registered, sellable_capacity, status, to_char(starts_at, 'DD HH24:MI'),"
        " to_char(ends_at, 'MM-DD HH24:MI') FROM events"
    )
    assert house.rows(shown) == [("Gala", True, 500, "on_sale", "31 20:00", "01-01 01:30")]
    second = csv_file(
        tmp_path,
        ["id,title,date,doors,start,end,capacity,status", "E1,Gala,2026-12-31,18:30,20:30,01:30,450,on sale"],
    )
    later = house.imported(second, "events")
    assert house.rows(shown) == [("Gala", True, 450, "on_sale", "31 20:30", "01-01 01:30")]
    house.do(later, "undoing")
    assert house.rows(shown) == [("Gala", True, 500, "on_sale", "31 20:00", "01-01 01:30")]
    house.do(done, "undoing")
    assert house.rows(shown) == []


def test_competitors_are_stated_anew_by_each_file_and_undone_to_what_was_known(
    house: House, tmp_path: Path
) -> None:
    lines = ["id,name,start,venue,capacity,price", "C1,Other Gala,2026-12-31 20:00,Arena,9000,25.00"]
    first = house.imported(csv_file(tmp_path, lines), "competitors", "city-guide", dates="iso")
    assert (first.accepted, first.duplicates) == (1, 0)
    lines[1] = lines[1].replace("25.00", "29.50")
    second = house.imported(csv_file(tmp_path, lines), "competitors", "city-guide")
    again = house.imported(csv_file(tmp_path, lines), "competitors", "city-guide")
    assert (second.accepted, again.accepted, again.duplicates) == (1, 0, 1)
    now = (
        "SELECT DISTINCT ON (competitor_event_id) name, place, capacity, price_from_minor, currency"
        " FROM competitor_events ORDER BY competitor_event_id, stated_at DESC"
    )
    assert house.rows(now) == [("Other Gala", "Arena", 9000, 2950, "GBP")]
    house.do(second, "undoing")
    assert house.rows(now) == [("Other Gala", "Arena", 9000, 2500, "GBP")]


def test_what_is_the_same_for_all_rows_is_said_once_and_venues_of_others_are_not_taken(
    house: House, tmp_path: Path
) -> None:
    house.add_venue("annex")
    path = csv_file(tmp_path, ["Scan time,Barcode", "2025-11-30 19:00,T1", "2025-11-30 19:01,T2"])
    found, proposal = house.upload(path, "scans")
    with pytest.raises(Refused, match="Needed: Event"):
        house.confirm(found, proposal.layout)
    checked = house.do(
        house.confirm(found, proposal.layout, constants={"event_id": "E9", "venue_id": "nowhere"}), "checking"
    )
    assert [error[1] for error in house.errors(checked)] == ["unknown-venue", "unknown-venue"]
    fixed = house.do(
        house.confirm(checked, proposal.layout, constants={"event_id": "E9", "venue_id": "annex"}), "checking"
    )
    assert (house.errors(fixed), house.do(fixed, "running").accepted) == ([], 2)
