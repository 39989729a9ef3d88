"""Whatever is sent: it is read or refused, and what is read can be stored."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import facts
from data.directory import Directory
from data.engine import Database
from data.messages import Message
from ingest.decoding import message_object
from ingest.message import KINDS, MessageReader, kind_of
from ingest.refusal import Refused
from tests.conftest import Tenant

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)

_PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        [
            "gala",
            "2026-11-21T19:30",
            "2026-02-30T10:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "12.50",
            "1e-7",
            "-0",
            "a@b.example",
            "\0",
            "\ud83d",
            "entry",
            "scan",
            "on_sale",
            "http://[::1",
            "//a@b/?utm_source=\0",
            "x" * 3000,
            10**500,
        ]
    ),
)
_VALUE = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _message(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(list(KINDS.values())))
    good = {
        "type": kind.type,
        "eventId": "gala",
        "ticketId": "T-1",
        "amount": 5,
        "attemptType": "scan",
        "path": "/",
        "platform": "x",
        "capacity": 9,
        "items": [{"quantity": 2}],
    }
    names = st.sampled_from([*kind.names, "metadata", "utm"]) | st.text(max_size=6)
    bad = draw(st.dictionaries(names, _VALUE, max_size=4))
    if draw(st.booleans()):
        line = st.dictionaries(st.sampled_from(["amount", "quantity", "fee", "tax", "comp"]), _PLAIN)
        bad["positions"] = draw(st.lists(line, max_size=3))
    return {name: value for name, value in good.items() if name not in bad} | bad | {"type": kind.type}


@pytest.fixture(scope="module")
def read(database: Database) -> Callable[[Tenant, dict[str, Any]], Message | None]:
    directory = Directory(database)

    def read(tenant: Tenant, raw: dict[str, Any]) -> Message | None:
        try:
            decoded = message_object(json.dumps(raw).encode())
            reader = MessageReader(directory, tenant.tenant_id, NOW)
            kind = kind_of(decoded)
            try:
                return reader.read(decoded, kind)
            except Refused:
                json.loads(reader.storable(decoded, kind))
                raise
        except Refused:
            return None

    return read


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(raw=_message())
def test_any_message_is_read_or_refused_and_what_is_read_can_be_stored(
    database: Database,
    tenant: Tenant,
    read: Callable[[Tenant, dict[str, Any]], Message | None],
    raw: dict[str, Any],
) -> None:
    message = read(tenant, raw)
    if message is not None:
        facts.write(database, tenant.tenant_id, [message])
        assert "@b.example" not in repr(message)
