"""docs/ingest.md is true: its examples are accepted, its fields and codes are those of the code."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.problems import problem_of
from data.directory import Directory
from data.engine import Database
from ingest.decoding import message_object
from ingest.kinds import camel, spelt
from ingest.message import KINDS, MessageReader, kind_of
from ingest.refusal import CODES, Refused
from tests.conftest import Tenant

TEXT = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text()
SECTIONS = dict(re.findall(r"^## ([a-z-]+)\n(.*?)(?=^## )", TEXT, re.DOTALL | re.MULTILINE))
EXAMPLES: list[str] = [
    block
    for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    if json.loads(block).get("type") in KINDS
]
NOW = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)


def test_every_type_has_a_section_and_an_example() -> None:
    assert set(SECTIONS) == set(KINDS)
    assert {json.loads(example)["type"] for example in EXAMPLES} == set(KINDS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: json.loads(example)["type"])
def test_every_example_is_a_good_message(database: Database, tenant: Tenant, example: str) -> None:
    raw: dict[str, Any] = message_object(example.encode())
    message = MessageReader(Directory(database), tenant.tenant_id, NOW).read(raw, kind_of(raw))
    assert message.facts
    # A slip in a name would land in the metadata; only the scan's device is meant to.
    expected = '{"deviceInfo":{"model":"TC52","battery":81}}' if message.type == "ticket-scan" else None
    assert {getattr(fact, "metadata", None) for fact in message.facts} == {expected}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_field_of_a_type_is_documented(kind: Any) -> None:
    section = SECTIONS[kind.type]
    if kind.type == "ticket-refund":
        section += SECTIONS["ticket-purchase"]  # The same fields, says the text.
    names = {camel(form) for form in kind.names if form not in spelt()}
    missing = {name for name in names if f"`{name}`" not in section and f'"{name}"' not in section}
    assert missing == set()


def test_every_code_is_documented_with_its_status() -> None:
    documented = {
        code: int(status) for status, code in re.findall(r"^\| (\d+) \| `([a-z-]+)` \|", TEXT, re.MULTILINE)
    }
    refusals = {code: problem.status for code in CODES if (problem := problem_of(Refused(code, "")))}
    own = {"missing-token", "invalid-token", "not-permitted", "method-not-allowed", "database-unavailable"}
    own |= {"too-busy", "bad-idempotency-key", "request-in-flight", "idempotency-key-reused"}
    assert {code: status for code, status in documented.items() if code not in own} == refusals
    assert own <= set(documented)
