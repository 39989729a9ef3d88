"""docs/dashboards.md, run from top to bottom: every request is sent, every answer is really given."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from data.engine import Database
from data.tokens import create_token
from tests.api.caller import Caller
from tests.conftest import Tenant

DOCUMENT = (Path(__file__).parents[2] / "docs" / "dashboards.md").read_text()
VENUE = "0197a3c2-4f00-7d11-8b5c-aa52d1f0c9e7"
EXPIRES = "2026-12-24T18:00:00"
_VARIES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[\d:.]+Z|\d+ [A-Z]\w+ at \d\d:\d\d UTC|https?://\S+"
)


@dataclass(frozen=True)
class Example:
    """One block: what is sent, and the status, tag and JSON that come back."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    status: int
    etag: str | None
    answer: Any


def examples() -> list[Example]:
    found = []
    for block in re.findall(r"```http\n(.*?)```", DOCUMENT, re.DOTALL):
        head, *rest = block.strip().split("\n\n")
        first, *lines = head.splitlines()
        method, path = first.split(" ")
        body = json.loads(rest.pop(0)) if not re.match(r"\d{3}\b", rest[0]) else None
        status, _, etag = rest.pop(0).partition(" ETag: ")
        headers = dict(line.split(": ", 1) for line in lines)
        answer = json.loads(rest.pop(0)) if rest else None
        assert rest == []
        found.append(Example(method, path, headers, body, int(status), etag or None, answer))
    return found


def plain(value: Any) -> Any:
    """A value without what is another one every time: ids, moments, addresses."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if name != "requestId"}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return _VARIES.sub("…", value) if isinstance(value, str) else value


def test_every_example_is_answered_as_it_says(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        token = create_token(connection, "readme", ["send", "read", "write"])
    caller = Caller(whole_server.test_client(), {"Authorization": f"Bearer {token}"})
    sale = {"ticketId": "T-1", "eventId": "gala", "amount": 37.5, "channel": "web"}
    caller.json("POST", "/api/v1/ingest/sale", sale | {"timestamp": datetime.now(UTC).isoformat()})
    later = (datetime.now(UTC) + timedelta(days=30)).isoformat(timespec="seconds").removesuffix("+00:00")
    real = {VENUE: str(tenant.venue_id), EXPIRES: later}

    def here(text: str) -> str:
        for documented, own in real.items():
            text = text.replace(documented, own)
        return text

    said = examples()
    assert len(said) >= 14
    for example in said:
        body = None if example.body is None else here(json.dumps(example.body)).encode()
        answer = caller.client.open(
            here(example.path),
            method=example.method,
            data=body,
            headers=dict(caller.headers) | example.headers,
            content_type="application/json",
        )
        assert answer.status_code == example.status, (example, answer.text)
        assert answer.headers.get("ETag") == example.etag
        if example.answer is not None:
            assert plain(answer.json) == plain(example.answer), example
            assert answer.json is not None
            if isinstance(example.answer.get("id"), str):
                real[example.answer["id"]] = answer.json["id"]


def test_every_route_of_boards_is_in_the_document(whole_server: Flask) -> None:
    rules = {str(rule) for rule in whole_server.url_map.iter_rules() if rule.endpoint != "unknown"}
    kinds = ("/api/v1/dashboards", "/api/v1/annotations", "/api/v1/widgets")
    last_words = {
        word
        for rule in rules
        if rule.startswith(kinds)
        for word in re.sub(r"<[^>]+>", "", rule).strip("/").split("/")
        if word
    }
    assert {word for word in last_words if word not in DOCUMENT} == set()
