"""Codes of an app and recovery codes: which are accepted, and that none ever is twice."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from data import second_factor
from data.engine import Database
from data.second_factor import STEP_SECONDS, app_uri, code_of
from tests.conftest import Tenant

NOW = datetime(2026, 11, 20, 21, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // STEP_SECONDS


@pytest.fixture
def user(tenant: Tenant) -> UUID:
    return uuid4()


def set_up(database: Database, tenant: Tenant, user: UUID) -> tuple[str, list[str]]:
    """The secret, and the recovery codes; the code of NOW's half minute was used to confirm."""
    with database.tenant(tenant.tenant_id) as connection:
        secret = second_factor.begin(connection, user, NOW)
        assert secret is not None
        codes = second_factor.confirm(connection, user, code_of(secret, STEP), NOW)
        assert codes is not None
    return secret, codes


def accepted(database: Database, tenant: Tenant, user: UUID, code: str, now: datetime = NOW) -> bool:
    with database.tenant(tenant.tenant_id) as connection:
        return second_factor.accept(connection, user, code, now)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()  # RFC 6238, appendix B, its last six digits.
    assert code_of(secret, seconds // STEP_SECONDS) == code


def test_an_app_is_told_what_it_needs() -> None:
    assert app_uri("ABCDEFGHIJKLMNOP234567ABCDEFGHIJ", "ada@example.org") == (
        "otpauth://totp/Housecount:ada%40example.org?digits=6&secret=ABCDEFGHIJKLMNOP234567ABCDEFGHIJ"
        "&algorithm=SHA1&issuer=Housecount&period=30"
    )


def test_a_code_is_accepted_once_and_no_earlier_one_after_it(
    database: Database, tenant: Tenant, user: UUID
) -> None:
    secret, _ = set_up(database, tenant, user)
    codes = [code_of(secret, STEP + off) for off in (-1, 0, 1, 2)]
    assert [accepted(database, tenant, user, code) for code in codes] == [False, False, True, False]
    assert not accepted(database, tenant, user, codes[2])
    later = NOW + timedelta(seconds=STEP_SECONDS)
    assert accepted(database, tenant, user, f"{codes[3][:3]} {codes[3][3:]}", later)
    much_later = NOW + timedelta(seconds=10 * STEP_SECONDS)
    assert accepted(database, tenant, user, code_of(secret, STEP + 9), much_later), "a clock that is late"
    assert not accepted(database, tenant, user, code_of(secret, STEP + 8), much_later)


@pytest.mark.parametrize("code", ["", "000000", "x", "\0", "１２３４５６", "1" * 64])
def test_what_is_no_code_is_not_accepted(database: Database, tenant: Tenant, user: UUID, code: str) -> None:
    set_up(database, tenant, user)
    assert not accepted(database, tenant, user, code)


def test_ten_recovery_codes_work_once_each(database: Database, tenant: Tenant, user: UUID) -> None:
    _, codes = set_up(database, tenant, user)
    assert len(set(codes)) == 10
    assert {len(code) for code in codes} == {19}
    assert accepted(database, tenant, user, codes[0])
    assert accepted(database, tenant, user, codes[1].replace("-", " ").upper())
    assert not accepted(database, tenant, user, codes[0])
    with database.tenant(tenant.tenant_id) as connection:
        assert second_factor.state(connection, user) == (True, 8)
        fresh = second_factor.renew_codes(connection, user, NOW)
    assert not accepted(database, tenant, user, codes[2])
    assert accepted(database, tenant, user, fresh[0])


def test_nothing_counts_before_it_is_confirmed_and_that_must_be_soon(
    database: Database, tenant: Tenant, user: UUID
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        secret = second_factor.begin(connection, user, NOW)
        assert secret is not None
        code = code_of(secret, STEP)
        assert not second_factor.state(connection, user).on
        assert not second_factor.accept(connection, user, code, NOW)
        assert second_factor.pending(connection, user, NOW) == secret
        late = NOW + timedelta(minutes=15)
        assert second_factor.pending(connection, user, late) is None
        late_code = code_of(secret, STEP + 30)
        assert second_factor.confirm(connection, user, late_code, late) is None
        assert second_factor.confirm(connection, user, "000000", NOW) is None
        assert second_factor.confirm(connection, user, code, NOW) is not None
        assert second_factor.begin(connection, user, NOW) is None, "one that holds is not replaced"
        second_factor.remove(connection, user, NOW)
        assert second_factor.state(connection, user) == (False, 0)


def test_the_database_holds_neither_secret_nor_code(database: Database, tenant: Tenant, user: UUID) -> None:
    secret, codes = set_up(database, tenant, user)
    with database.tenant(tenant.tenant_id) as connection:
        [factor] = connection.rows("SELECT * FROM second_factors WHERE tenant_id = %s", [tenant.tenant_id])
        hashes = connection.rows("SELECT * FROM recovery_codes WHERE tenant_id = %s", [tenant.tenant_id])
    plain = [base64.b32decode(secret), secret.encode(), *(code.encode() for code in codes)]
    kept = bytes(factor["sealed"]) + b"".join(bytes(row["code_hash"]) for row in hashes)
    assert not [each for each in plain if each in kept]


def test_a_secret_that_was_copied_to_somebody_else_opens_nothing(
    database: Database, tenant: Tenant, user: UUID
) -> None:
    secret, _ = set_up(database, tenant, user)
    eve = uuid4()
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO second_factors (tenant_id, user_id, sealed, begun_at, confirmed_at)"
            " SELECT tenant_id, %s, sealed, begun_at, confirmed_at FROM second_factors WHERE tenant_id = %s",
            [eve, tenant.tenant_id],
        )
    assert not accepted(database, tenant, eve, code_of(secret, STEP + 1))
