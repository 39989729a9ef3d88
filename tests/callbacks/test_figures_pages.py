"""The pages that are there from the start: each of their widgets is there, and drawn once, not twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from callbacks.figures_pages import figures, refresh
from components.markup import markup
from data.accounts import Person
from data.board_check import InvalidDocument
from data.board_document import BoardDocument
from data.engine import Database
from data.services import Services
from data.users import Role
from tests.api.door import build
from tests.conftest import Tenant
from widgets.documents import check
from widgets.figures_pages import PAGES


def person(tenant: Tenant, role: Role = "analyst") -> Person:
    return Person(tenant.tenant_id, uuid4(), uuid4(), "Ada", "ada@example.org", role, "Test", False)


@pytest.fixture(scope="module")
def services(database: Database, redis_url: str, redis_prefix: str) -> Iterator[Services]:
    house = build(database, redis_url, f"{redis_prefix}-pages")
    yield house.services
    house.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_widget_of_a_page_is_there_and_takes_its_settings(name: str) -> None:
    try:
        check(BoardDocument(widgets=PAGES[name].widgets))
    except InvalidDocument as invalid:
        pytest.fail(str(invalid.faults))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn_with_its_figures(services: Services, tenant: Tenant, name: str) -> None:
    page = figures(services, person(tenant), name, {"range": "7d"})
    html = markup(page.grid)
    assert (page.title, page.sub, page.problem) == (PAGES[name].title, "The Hall · Last 7 days", None)
    states = re.findall('data-state="([^"]*)"[^>]* data-widget="([^"]*)"', html)
    assert [widget for _, widget in states] == [placed.widget for placed in PAGES[name].widgets]
    assert [widget for state, widget in states if state not in ("drawn", "empty")] == []
    assert len(page.marks) == len(PAGES[name].widgets)


def test_what_has_not_changed_is_not_drawn_again(
    services: Services, database: Database, tenant: Tenant
) -> None:
    shown: dict[str, Any] = {
        "page": "sales",
        "marks": list(figures(services, person(tenant), "sales", {}).marks),
    }
    before = datetime.now(UTC)
    changes, marks, same = refresh(services, person(tenant), "", shown)
    assert (changes, marks) == ({}, shown["marks"])
    # What is as it was is so until now.
    said = json.loads(same)
    assert said["of"] == [placed.id for placed in PAGES["sales"].widgets]
    assert before <= datetime.fromisoformat(said["at"]) <= datetime.now(UTC)
    shown["marks"][1] = "of another time"
    changes, marks, same = refresh(services, person(tenant), "", shown)
    assert list(changes) == [1]
    assert marks[1] != "of another time"
    assert PAGES["sales"].widgets[1].id not in json.loads(same)["of"]


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"page": "sales"},
        {"page": "secret", "marks": []},
        {"page": "sales", "marks": ["x"]},
        {"page": 1, "marks": 2},
    ],
)
def test_a_question_of_a_stranger_draws_nothing(
    services: Services, tenant: Tenant, shown: dict[str, Any]
) -> None:
    assert refresh(services, person(tenant), "?range=7d", shown) == ({}, [], "")


def test_a_steward_at_the_door_sees_neither(services: Services, tenant: Tenant) -> None:
    assert figures(services, person(tenant, "door"), "sales", {}).problem == "not-permitted"
    marks = ["" for _ in PAGES["sales"].widgets]
    assert refresh(services, person(tenant, "door"), "", {"page": "sales", "marks": marks}) == ({}, [], "")
