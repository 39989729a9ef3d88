"""The example of docs/programs.md, run as it stands there by curl and openssl against a served app."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

from data.engine import Database
from data.permissions import SCOPES
from data.signing_keys import create_signing_key
from tests.conftest import Tenant

PAGE = Path(__file__).parents[2] / "docs" / "programs.md"


def test_every_scope_of_a_token_is_on_the_page() -> None:
    assert f"| `scope` | of `{' '.join(SCOPES)}`, separated by spaces" in PAGE.read_text()


def test_the_example_of_a_signed_request_is_let_in(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        key_id, secret = create_signing_key(connection, "shell", ["read"])
    [example] = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    server = make_server("127.0.0.1", 0, whole_server, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        given = {"URL": f"http://127.0.0.1:{server.server_port}", "KEYID": key_id, "SECRET": secret}
        done = subprocess.run(
            ["bash", "-c", example], env=os.environ | given, capture_output=True, text=True, check=False
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert json.loads(done.stdout)["rows"] == [[0]], done.stderr
