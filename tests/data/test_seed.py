"""The demo tenant in the tables: complete, the same after a repetition, rolled forward on a later day."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.access import Access
from data.accounts import Accounts
from data.board_templates import TEMPLATES
from data.dashboard_trash import purge, trash
from data.dashboards import list_boards
from data.demo_handover import HANDOVER, read_handover
from data.demo_login import DEMO_EMAIL, DEMO_PASSWORD
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from data.notes import notes
from data.seed import ON_ROLL_OVER, TENANT_ID, seed_demo
from data.tokens import Tokens, revoke_token, token_is_valid
from tests.conftest import MASTER_KEY, fresh_database

NOW = datetime(2026, 11, 21, 4, 12, tzinfo=UTC)


@pytest.fixture
def empty(server_urls: Urls) -> Iterator[Database]:
    """A database of its own: the demo tenant has one fixed id."""
    with fresh_database(server_urls.database_url) as url:
        database = Database(url, master=MasterKeys([MASTER_KEY]))
        yield database
        database.close()


def count(database: Database, table: str, condition: str = "true") -> int:
    with database.tenant(TENANT_ID) as tenant:
        row = tenant.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()
    assert row is not None
    return int(row[0])


def everything(database: Database) -> dict[str, list[dict[str, object]]]:
    tables = ("tenants", "venues", "zones", "gates", "series", "events", "ticket_types", "holds", "users")
    with database.tenant(TENANT_ID) as tenant:
        return {table: tenant.rows(f"SELECT * FROM {table} ORDER BY {table}::text") for table in tables}


def test_the_demo_is_complete_and_says_that_it_is_one(empty: Database, tmp_path: Path) -> None:
    seed_demo(empty, tmp_path, NOW)
    assert count(empty, "tenants", "demo AND name LIKE 'Demo%%'") == 1
    assert count(empty, "venues") == 2
    assert count(empty, "zones") == 6
    assert count(empty, "gates") == 7
    assert count(empty, "events", "status = 'over'") > 300
    assert (
        count(empty, "events", "status IN ('on_sale', 'scheduled') AND doors_at > '2026-11-21 04:12Z'") == 20
    )
    assert count(empty, "events", "doors_at <= '2026-11-21 04:12Z' AND ends_at > '2026-11-21 04:12Z'") == 2
    assert count(empty, "events", "target_tickets IS NULL OR target_minor IS NULL OR NOT registered") == 0


def test_seeding_again_changes_nothing(empty: Database, tmp_path: Path) -> None:
    first = seed_demo(empty, tmp_path, NOW)
    before = everything(empty)
    handed_over = (tmp_path / HANDOVER).stat().st_mtime_ns
    assert seed_demo(empty, tmp_path, NOW + timedelta(minutes=40)) == first
    assert everything(empty) == before
    assert (tmp_path / HANDOVER).stat().st_mtime_ns == handed_over


def test_a_later_day_brings_a_new_night_and_closes_the_old_one(empty: Database, tmp_path: Path) -> None:
    first = seed_demo(empty, tmp_path, NOW)
    later = NOW + timedelta(days=9)
    second = seed_demo(empty, tmp_path, later)
    assert second.token == first.token
    assert count(empty, "events", "doors_at <= '2026-11-30 04:12Z' AND ends_at > '2026-11-30 04:12Z'") == 2
    assert count(empty, "events", "ends_at < '2026-11-30 04:12Z' AND status <> 'over'") == 0
    assert count(empty, "events", "doors_at > '2026-11-30 04:12Z'") == 20
    assert {ref for events in first.events.values() for ref in events} <= {
        ref for events in second.events.values() for ref in events
    }


def test_the_next_night_opens_soon_after_the_last_one_while_it_runs(empty: Database, tmp_path: Path) -> None:
    seed_demo(empty, tmp_path, NOW)
    seed_demo(empty, tmp_path, NOW + timedelta(hours=5), ON_ROLL_OVER)
    assert count(empty, "events", "doors_at = '2026-11-21 09:25Z'") == 2


def test_what_somebody_changed_stays_changed(empty: Database, tmp_path: Path) -> None:
    seed_demo(empty, tmp_path, NOW)
    with empty.tenant(TENANT_ID) as tenant:
        tenant.execute("UPDATE venues SET amber_percent = 70")
        tenant.execute("UPDATE events SET status = 'cancelled' WHERE status = 'on_sale'")
    seed_demo(empty, tmp_path, NOW + timedelta(minutes=1))
    assert count(empty, "venues", "amber_percent = 70") == 2
    assert count(empty, "events", "status = 'on_sale'") == 0


def test_the_demo_user_can_sign_in(empty: Database, tmp_path: Path) -> None:
    seed_demo(empty, tmp_path, NOW)
    accounts = Accounts(empty, idle=timedelta(hours=1), absolute=timedelta(hours=12))
    token = accounts.sign_in(DEMO_EMAIL, DEMO_PASSWORD)
    assert token is not None
    person = accounts.person(token)
    assert person is not None
    assert (person.tenant_id, person.role, person.demo) == (TENANT_ID, "owner", True)


def test_the_demo_user_finds_a_board_of_each_template_once(empty: Database, tmp_path: Path) -> None:
    seed_demo(empty, tmp_path, NOW)
    with empty.tenant(TENANT_ID) as tenant:
        row = tenant.execute("SELECT user_id FROM users").fetchone()
        assert row is not None
        access = Access(TENANT_ID, "owner", row[0])
        boards = list_boards(tenant, access)
        assert [board.name for board in boards] == [found.label for found in TEMPLATES.values()]
        assert [note.text for note in notes(tenant, access)] == [
            "Spring programme announced",
            "Web shop down from 14:10 to 14:40",
        ]
        for board in boards:
            trash(tenant, access, board.dashboard_id)
            purge(tenant, access, board.dashboard_id)
    seed_demo(empty, tmp_path, NOW + timedelta(minutes=1))
    with empty.tenant(TENANT_ID) as tenant:
        assert list_boards(tenant, access) == []


def test_the_simulators_token_is_handed_over_to_the_owner_of_the_folder_only(
    empty: Database, tmp_path: Path
) -> None:
    demo = seed_demo(empty, tmp_path, NOW)
    assert stat.S_IMODE((tmp_path / HANDOVER).stat().st_mode) == 0o600
    assert read_handover(tmp_path) == demo
    sender = Tokens(empty).sender(demo.token)
    assert sender is not None
    assert (sender.tenant_id, sender.name) == (TENANT_ID, "Demo simulator")


def test_a_revoked_or_lost_token_is_replaced(empty: Database, tmp_path: Path) -> None:
    first = seed_demo(empty, tmp_path, NOW)
    sender = Tokens(empty).sender(first.token)
    assert sender is not None
    with empty.tenant(TENANT_ID) as tenant:
        revoke_token(tenant, sender.token_id)
    second = seed_demo(empty, tmp_path, NOW)
    (tmp_path / HANDOVER).write_text("not what it was")
    third = seed_demo(empty, tmp_path, NOW)
    assert len({first.token, second.token, third.token}) == 3
    with empty.tenant(TENANT_ID) as tenant:
        assert token_is_valid(tenant, third.token)
