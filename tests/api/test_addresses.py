"""From where somebody asks: what counts as one address, and that every door counts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.addresses import as_counted
from data.engine import Database
from data.tokens import Tokens
from tests.api.caller import Serve
from tests.api.door import token_of
from tests.conftest import Tenant

SALE = "/api/v1/ingest/sale"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("", ""),
        ("a:b:c", "a:b:c"),
    ],
)
def test_a_network_of_ipv6_is_one_address(address: str, counted: str) -> None:
    assert as_counted(address) == counted


@pytest.mark.parametrize("door", [("GET", "/api/v1/dashboards"), ("POST", SALE)])
def test_other_addresses_of_the_same_network_share_its_rate(serve: Serve, door: tuple[str, str]) -> None:
    with serve(f"network-{door[0].lower()}", rate_address_per_minute=3) as server:

        def ask(address: str) -> int:
            client, (method, path) = server.test_client(), door
            return client.open(path, method=method, environ_base={"REMOTE_ADDR": address}).status_code

        assert [ask(f"2001:db8::{number}") for number in range(5)] == [401, 401, 401, 429, 429]
        assert ask("2001:db8:0:1::1") == 401


def test_no_part_of_the_api_counts_whole_addresses() -> None:
    """The waits at the sign-in, the provider's, those of forgotten passwords and of sockets."""
    api = Path(__file__).parents[2] / "api"
    assert [each.name for each in api.rglob("*.py") if "remote_addr" in each.read_text()] == ["addresses.py"]


def test_who_sends_by_unknown_tokens_is_held_to_the_rate_of_the_address_and_known_senders_are_not(
    serve: Serve, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, unknown = token_of(database, tenant), token_of(database, tenant)
    with serve("unknown-senders", rate_address_per_minute=3, trusted_proxies=1) as server:
        client = server.test_client()

        def send(token: str, address: str = "203.0.113.9") -> Any:
            headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": f"10.0.0.1, {address}"}
            return client.post(SALE, json={}, headers=headers)

        assert [send(known).status_code for _ in range(5)] == [422] * 5
        guessed = [f"{known[:-8]}{number:08d}" for number in range(8)]
        answers = [send(each) for each in guessed]
        assert [answer.status_code for answer in answers] == [401] * 3 + [429] * 5
        assert answers[-1].get_json()["code"] == "too-many-requests"
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 20
        assert send(unknown).status_code == 429, "it is not looked up before its address may ask again"
        assert send(known).status_code == 422
        assert send(guessed[0], "203.0.113.10").status_code == 401
        asked: list[object] = []
        monkeypatch.setattr(Tokens, "sender", lambda *given: asked.append(given))
        assert [send(each).status_code for each in guessed[4:]] == [429] * 4
        assert asked == []
