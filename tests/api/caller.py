"""Somebody who calls the REST routes of the whole application: a program with a token, or a person's page.

Every answer must be one that the reference describes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from data.engine import Database
from data.users import Role, add_user
from tests.api.described import require_described
from tests.conftest import Tenant

PASSWORD = "a long and quiet night"
OUR_PAGE = {"Origin": "http://localhost"}
Serve = Callable[..., AbstractContextManager[Flask]]
"""Starts the whole application under a name, with these settings: the fixture `serve`."""


@dataclass
class Caller:
    """A client and what it sends with every request."""

    client: FlaskClient
    headers: Mapping[str, str]

    def __call__(
        self, method: str, path: str, body: Any = None, *, version: int | None = None, **headers: Any
    ) -> TestResponse:
        """The answer to `body` sent as JSON, bytes as they are; `version` is that of If-Match."""
        sent = dict(self.headers) | {name.replace("_", "-"): value for name, value in headers.items()}
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        if isinstance(body, bytes):
            sent |= {"Content-Type": "application/json"}
            answer = self.client.open(path, method=method, data=body, headers=sent)
        else:
            answer = self.client.open(path, method=method, json=body, headers=sent)
        require_described(self.client.application, method, path, answer)
        return answer

    def json(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The JSON of an answer that must be a success."""
        answer = self(method, path, body, **options)
        assert 200 <= answer.status_code < 300, answer.text
        return answer.json


def person(server: Flask, database: Database, tenant: Tenant, role: Role, name: str = "Ada") -> Caller:
    """A person of this role, signed in, who calls from one of our pages."""
    email = f"{uuid4().hex}@example.org"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, email, name, role, PASSWORD)
    client = server.test_client()
    form = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
    assert form
    answer = client.post("/login", data={"email": email, "password": PASSWORD, "csrf": form[1]})
    assert answer.status_code == 303
    return Caller(client, OUR_PAGE)
