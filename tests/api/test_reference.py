"""The reference describes every address and nothing else, its examples work, and it is served."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask

from api.problems import for_programs
from api.reference.document import document, openapi_path
from api.reference.messages import FIELDS, MESSAGES
from api.reference.operation import Operation
from api.reference.short import PATH
from api.reference.short import document as short
from api.reference.subjects import operations, rule_named
from api.rules import rule_of
from data.engine import Database
from ingest.message import KINDS
from tests.api.caller import OUR_PAGE, Caller, person
from tests.api.described import DOOR
from tests.api.door import token_of
from tests.api.examples import path_to, sent
from tests.conftest import Tenant


def served(server: Flask) -> dict[tuple[str, str], str]:
    """Method and address → endpoint, of everything for programs that the running application answers."""
    found = {("POST", path): MESSAGES.rule for path in DOOR}
    for address in server.url_map.iter_rules():
        if address.endpoint != "unknown" and (
            for_programs(address.rule) or address.endpoint.startswith("health/")
        ):
            for method in (address.methods or {"GET"}) - {"HEAD", "OPTIONS"}:
                found[(method, address.rule)] = address.endpoint
    return found


def test_every_address_is_described_and_every_description_has_an_address(whole_server: Flask) -> None:
    described = {(operation.method, path) for _, operation, path in operations()}
    assert described == set(served(whole_server))


def test_every_description_names_the_rule_that_its_address_is_held_to(whole_server: Flask) -> None:
    endpoints = served(whole_server)
    for subject, operation, path in operations():
        endpoint = endpoints[(operation.method, path)]
        if endpoint != MESSAGES.rule:
            assert rule_named(subject.rule_of(operation)) == rule_of(endpoint), path


def test_the_document_is_openapi_with_every_reference_leading_somewhere() -> None:
    described = document()
    assert described["openapi"] == "3.1.0"
    names: list[str] = []
    for path in described["paths"].values():
        names += [operation["operationId"] for operation in path.values()]
        assert all(operation["responses"] for operation in path.values())
    assert len(names) == len(set(names))
    for name, schema in described["components"]["schemas"].items():
        jsonschema_rs.meta.validate(dict(schema) | {"components": described["components"]})
        for reference in references(schema):
            assert reference in described["components"]["schemas"], name


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"].rpartition("/")[2]] if "$ref" in part else []
        return own + [name for value in part.values() for name in references(value)]
    return [name for value in part for name in references(value)] if isinstance(part, list) else []


def test_the_fields_of_messages_are_those_of_the_code() -> None:
    known = {name for kind in KINDS.values() for name in kind.names.values()}
    assert set(FIELDS) - known == set()


EXAMPLES = [
    pytest.param(operation, path, number, id=f"{operation.method}-{openapi_path(path)}-{number + 1}")
    for _, operation, path in operations()
    for number in range(len(operation.examples))
]


@pytest.mark.parametrize(("operation", "path", "number"), EXAMPLES)
def test_every_example_works(
    whole_server: Flask,
    database: Database,
    example_tenant: Tenant,
    operation: Operation,
    path: str,
    number: int,
) -> None:
    program = Caller(
        whole_server.test_client(), {"Authorization": f"Bearer {token_of(database, example_tenant)}"}
    )
    body = sent(operation.examples[number])
    address = path_to(program, path)
    answer = program(operation.method, address, body, version=1 if operation.versioned else None)
    assert answer.status_code in operation.answers, answer.text


def test_the_document_and_the_page_are_for_whoever_may_ask_anything(
    whole_server: Flask, database: Database, tenant: Tenant, program: Caller
) -> None:
    stranger = whole_server.test_client()
    for path in ("/api/openapi.json", "/api/docs"):
        refused = stranger.get(path)
        assert (refused.status_code, refused.mimetype) == (401, "application/problem+json")
        sent = stranger.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (sent.status_code, sent.location) == (302, "/login?next=" + path.replace("/", "%2F"))
        assert stranger.get(path, headers={"Authorization": "Bearer hc_no"}).status_code == 401
        assert program("GET", path).status_code == 200
        promoter = person(whole_server, database, tenant, "promoter")
        assert promoter("GET", path, Accept="text/html").status_code == 200
    told = program("GET", "/api/openapi.json").json
    assert told == json.loads(json.dumps(document()))


def test_the_page_shows_every_operation_and_shape_and_takes_nothing_inline_or_from_elsewhere(
    program: Caller,
) -> None:
    page = program("GET", "/api/docs")
    for path in document()["paths"].values():
        for operation in path.values():
            if not operation["operationId"].endswith("Unversioned"):
                assert f'id="{operation["operationId"]}"' in page.text
    for name in document()["components"]["schemas"]:
        assert f"<h3>{name}</h3>" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert " style=" not in page.text
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert "https://" not in page.text


def test_the_page_shows_code_as_code(program: Caller) -> None:
    text = re.sub(r"<pre.*?</pre>", "", program("GET", "/api/docs").text, flags=re.DOTALL)
    assert "`" in str(document())
    assert "`" not in text
    assert "tokens with <code>audit</code>" in text


def test_the_short_document_is_written_from_the_descriptions() -> None:
    assert PATH.read_text() == short(), "write it again: python -m api.reference.short"


def test_a_page_of_somebody_signed_in_may_read_it(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    door = person(whole_server, database, tenant, "door")
    assert door.headers == OUR_PAGE
    assert door("GET", "/api/openapi.json").status_code == 200
