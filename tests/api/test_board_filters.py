"""Several values of one filter: on boards, in their history and files, and locked in a promoter's link."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from data import facts
from data.engine import Database
from data.messages import SaleLine
from tests.api.caller import Caller
from tests.conftest import Tenant
from tests.data.test_facts import message

PATH = "/api/v1/dashboards"
GALA = UUID(int=7)
SOLD = {"id": "sold", "widget": "kpi", "settings": {"metric": "tickets_sold", "span": "all", "curve": False}}
TICKETS = {"web": 2, "app": 3, "phone": 7}
TWO = {"f.channel": ["web", "app"]}


@pytest.fixture
def sold(database: Database, tenant: Tenant) -> Tenant:
    """A gala that sold two tickets on the web, three in the app and seven by phone."""
    now = datetime.now(UTC) - timedelta(seconds=5)
    lines = [
        message(
            tenant,
            GALA,
            f"{channel} {number}",
            SaleLine("sale", now, 1, 1000, "GBP", ticket_id=f"{channel} {number}", channel=channel),
        )
        for channel, count in TICKETS.items()
        for number in range(count)
    ]
    facts.write(database, tenant.tenant_id, lines)
    return tenant


def made(program: Caller, **filters: Any) -> Any:
    """A board that begins with these filters."""
    document = {"widgets": [SOLD], "filters": filters}
    return program.json("POST", PATH, {"name": "Channels", "document": document})


def given(program: Caller, tenant: Tenant, board: str, **filters: Any) -> Any:
    """A link to the board that locks these filters of the venue."""
    body = {
        "label": "Agency",
        "filters": {"venue": str(tenant.venue_id), **filters},
        "expiresAt": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }
    return program.json("POST", f"{PATH}/{board}/links", body)


def count_in(text: str) -> str:
    """The figure in a file of the one widget."""
    return list(csv.reader(io.StringIO(text)))[-1][-1]


def figure_in(page: str) -> str:
    """The figure on a page of the one widget."""
    [found] = re.findall(r'class="big-value"[^>]*>([^<]*)<', page)
    return str(found)


def test_a_board_keeps_and_gives_back_the_lists_of_its_filters(program: Caller) -> None:
    board = made(program, range="7d", **TWO)
    assert board["document"]["filters"] == {"range": "7d", "f.channel": ["web", "app"]}
    path = f"{PATH}/{board['id']}"
    assert program.json("GET", path)["document"] == board["document"]
    # The same again makes no version, also where one value is written as a list.
    same = board["document"] | {"filters": {"range": ["7d"], **TWO}}
    assert program.json("PUT", path, {"document": same}, version=1)["version"] == 1
    one = board["document"] | {"filters": {"f.channel": ["web"]}}
    assert program.json("PUT", path, {"document": one}, version=1)["document"]["filters"] == {
        "f.channel": "web"
    }


@pytest.mark.parametrize(
    ("filters", "field", "detail"),
    [
        ({"f.channel": []}, "f.channel", "A list of values has at least one."),
        ({"f.channel": ["web", 5]}, "f.channel", "Must be text, or a list of texts."),
        ({"f.channel": True}, "f.channel", "Must be text, or a list of texts."),
        ({"f.chanel": ["web", "app"]}, "f.chanel", "There is nothing to filter by under that name."),
        (
            {"f.customer": "abc"},
            "f.customer",
            "It is an id, as 0192f0c1-2345-7000-8000-000000000000.",
        ),
        ({"f.day": ["2026-05-01", "today"]}, "f.day", "It is a date, as 2026-05-01."),
        ({"f.weekday": "Monday"}, "f.weekday", "It is a whole number from 1 to 7."),
        ({"range": ["7d", "30d"]}, "range", "It can be given once."),
        ({"f.channel": ["web", "x" * 201]}, "f.channel", "A value has at most 200 plain characters."),
        (
            {"f.channel": [str(n) for n in range(51)]},
            "f.channel",
            "These are more filters than a board takes.",
        ),
    ],
)
def test_boards_and_links_read_filters_in_the_same_strict_way(
    program: Caller, tenant: Tenant, filters: dict[str, Any], field: str, detail: str
) -> None:
    board = made(program)
    path, document = f"{PATH}/{board['id']}", {"widgets": [], "filters": filters}
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    link = {"label": "A", "filters": {"venue": str(tenant.venue_id), **filters}, "expiresAt": later}
    for method, where, body, version, under in (
        ("POST", PATH, {"name": "X", "document": document}, None, ""),
        ("PUT", path, {"document": document}, 1, ""),
        ("POST", f"{path}/links", link, None, ""),
    ):
        answer = program(method, where, body, version=version)
        assert answer.status_code == 422, (method, where)
        assert answer.json is not None
        assert (answer.json["field"], answer.json["detail"]) == (f"{under}filters.{field}", detail)


def test_the_place_of_a_link_is_one(program: Caller, tenant: Tenant) -> None:
    board = made(program)
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    two = [str(tenant.venue_id), str(UUID(int=9))]
    link = {"label": "A", "filters": {"venue": two}, "expiresAt": later}
    answer = program("POST", f"{PATH}/{board['id']}/links", link)
    assert (answer.status_code, answer.json and answer.json["field"]) == (422, "filters.venue")


def test_the_history_names_the_filters_that_changed_and_their_values(program: Caller) -> None:
    board = made(program, **TWO)
    path = f"{PATH}/{board['id']}"
    for version, filters in enumerate(
        ({"f.channel": ["web", "app", "phone"], "range": "7d"}, {"range": "7d", "f.country": "GB"}), start=1
    ):
        program.json("PUT", path, {"document": {"widgets": [SOLD], "filters": filters}}, version=version)
    lines = program.json("GET", f"{path}/versions?every=1")["versions"]
    assert [line["summary"] for line in lines] == [
        "Filters changed (channel: no longer; country: GB)",
        "Filters changed (range; channel: web, app, phone)",
        "By the API",
    ]


def test_the_figures_and_files_of_a_board_are_of_all_its_values(program: Caller, sold: Tenant) -> None:
    board = made(program, **TWO)
    order = {"format": "csv", "dashboard": board["id"], "placed": "sold"}
    export = program.json("POST", "/api/v1/exports", order)
    with program("GET", export["file"]) as file:
        rows = list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert ["Channel", "web, app"] in rows
    assert rows[-1][-1] == "5"


def test_a_link_locks_all_values_and_none_more_on_its_page_and_in_its_files(
    program: Caller, sold: Tenant, whole_server: Flask
) -> None:
    board = made(program, **{"f.channel": "phone"})
    link = given(program, sold, board["id"], **TWO)
    assert link["filters"]["f.channel"] == ["web", "app"]
    assert link["locked"] == [
        {"name": "Venue", "values": ["The Hall"]},
        {"name": "Channel", "values": ["web", "app"]},
    ]
    listed = program.json("GET", f"{PATH}/{board['id']}/links")["links"]
    assert [each["locked"] for each in listed] == [link["locked"]]
    stranger, address = whole_server.test_client(), link["url"].removeprefix("http://localhost")
    for wider in (
        "",
        "?f.channel=phone",
        "?f=none",
        "?f.channel=web&f.channel=app&f.channel=phone",
        "?f.channel=",
    ):
        page = stranger.get(f"{address}{wider}").text
        assert figure_in(page) == "5", wider
        and_more = wider.replace("?", "&")
        file = stranger.get(f"{address}/file?format=csv&placed=sold{and_more}")
        assert count_in(file.data.decode("utf-8-sig")) == "5", wider
    assert stranger.get(f"{address}/file?format=pdf&f.channel=phone").data.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("lock", "count"),
    [
        ({}, "5"),
        ({"f.campaign": "spring"}, "0"),
        ({"f.currency": "GBP"}, "5"),
        ({"f.channel": "phone", "f.currency": "GBP"}, "7"),
        ({"f": "none", "f.currency": "GBP"}, "12"),
        ({"f": "none"}, "12"),
    ],
)
def test_what_a_link_locks_and_an_export_names_lies_over_the_board_dimension_by_dimension(
    program: Caller, sold: Tenant, whole_server: Flask, lock: dict[str, str], count: str
) -> None:
    board = made(program, range="all", **TWO)
    address = given(program, sold, board["id"], **lock)["url"].removeprefix("http://localhost")
    stranger = whole_server.test_client()
    assert figure_in(stranger.get(address).text) == count
    file = stranger.get(f"{address}/file?format=csv&placed=sold")
    assert count_in(file.data.decode("utf-8-sig")) == count
    order = {"format": "csv", "dashboard": board["id"], "placed": "sold", "filters": lock}
    export = program.json("POST", "/api/v1/exports", order)
    with program("GET", export["file"]) as made_file:
        assert count_in(made_file.data.decode("utf-8-sig")) == count


def test_a_widget_that_was_clicked_is_in_files_as_it_is_on_the_board_and_a_locked_one_is_not(
    program: Caller, sold: Tenant, whole_server: Flask
) -> None:
    mix = {"id": "mix", "widget": "channel-mix", "settings": {"metric": "tickets_sold"}, "y": 4}
    document = {"widgets": [SOLD, mix], "filters": {"range": "all"}}
    board = program.json("POST", PATH, {"name": "Channels", "document": document})["id"]

    def rows_of(**order: str) -> list[list[str]]:
        clicked = {"f.channel": "app"}
        asked = {"format": "csv", "dashboard": board, "filters": clicked, **order}
        with program("GET", program.json("POST", "/api/v1/exports", asked)["file"]) as file:
            return list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"))))

    rows = rows_of(placed="mix")
    assert ["Channel", "all"] in rows
    assert {row[0]: row[1] for row in rows[-3:]} == {"phone": "7", "app": "3", "web": "2"}
    others = rows_of(placed="sold")
    assert (["Channel", "app"] in others, others[-1][-1]) == (True, "3")
    link = given(program, sold, board, **{"f.channel": "app"})["url"].removeprefix("http://localhost")
    locked = whole_server.test_client().get(f"{link}/file?format=csv&placed=mix").data.decode("utf-8-sig")
    told = list(csv.reader(io.StringIO(locked)))
    assert (["Channel", "app"] in told, told[-1][:2], "phone" in locked) == (True, ["app", "3"], False)


def test_a_link_stays_as_narrow_when_its_board_begins_with_more(
    program: Caller, sold: Tenant, whole_server: Flask
) -> None:
    board = made(program, **TWO)
    link = given(program, sold, board["id"], **TWO)
    wide = {"widgets": [SOLD], "filters": {"f.channel": ["web", "app", "phone"]}}
    program.json("PUT", f"{PATH}/{board['id']}", {"document": wide}, version=1)
    page = whole_server.test_client().get(link["url"].removeprefix("http://localhost")).text
    assert figure_in(page) == "5"


def test_boards_and_links_kept_with_lists_as_one_text_are_read_as_lists(
    program: Caller, sold: Tenant, whole_server: Flask, postgres_url: str
) -> None:
    board = made(program, **TWO)
    link = given(program, sold, board["id"], **TWO)
    old = json.dumps({"venue": str(sold.venue_id), "f.channel": "web\napp"})
    with psycopg.connect(postgres_url) as owner:
        owner.execute("UPDATE dashboard_links SET filters = %s WHERE link_id = %s", [old, link["id"]])
        owner.execute(
            "UPDATE dashboard_versions SET document = jsonb_set(document, '{filters}', %s)"
            " WHERE dashboard_id = %s",
            [old, board["id"]],
        )
    assert program.json("GET", f"{PATH}/{board['id']}")["document"]["filters"]["f.channel"] == ["web", "app"]
    address = link["url"].removeprefix("http://localhost")
    file = whole_server.test_client().get(f"{address}/file?format=csv&placed=sold")
    assert count_in(file.data.decode("utf-8-sig")) == "5"
