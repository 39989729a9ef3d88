"""Roll-ups without events: right after every write, applied or not, by one job or by several."""

import random
import re
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import facts, rebuild_days, rollup_applier
from data.day_rollups import current_days, month_name
from data.engine import Database
from data.messages import Fact, Message
from tests.conftest import Tenant, new_tenant
from tests.data.day_reference import expected_of
from tests.data.rollup_rows import add_venue, current, message, stated, stored, waiting


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stated=stated, seed=st.integers(0, 2**32))
def test_readers_see_the_reference_after_every_write_and_every_run_of_the_job(
    database: Database, postgres_url: str, stated: list[Fact], seed: int
) -> None:
    rng = random.Random(seed)
    tenant, far = new_tenant(postgres_url), uuid4()
    add_venue(postgres_url, tenant, far, "Asia/Kathmandu")
    zones = {tenant.venue_id: "Europe/London", far: "Asia/Kathmandu"}
    events = {venue: [uuid4(), uuid4()] for venue in zones}
    known = [
        message(venue, rng.choice(events[venue]), str(number), fact)
        for number, fact in enumerate(stated)
        for venue in (rng.choice(list(zones)),)
    ]
    sent = known + rng.choices(known, k=rng.randint(0, 5))
    rng.shuffle(sent)
    written: list[Message] = []
    while sent:
        size = rng.randint(1, 8)
        facts.write(database, tenant.tenant_id, sent[:size])
        written += sent[:size]
        del sent[:size]
        if rng.random() < 0.5:
            rollup_applier.apply_some(database, tenant.tenant_id, most=rng.randint(1, 3))
        assert current(database, tenant, list(zones)) == expected_of(written, zones)
    while rollup_applier.apply_some(database, tenant.tenant_id):
        pass
    assert waiting(database, tenant) == 0
    assert current(database, tenant, list(zones)) == expected_of(known, zones)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stated=stated, seed=st.integers(0, 2**32))
def test_a_rebuild_changes_no_row_that_is_right_and_brings_back_all_that_are_gone(
    database: Database, postgres_url: str, stated: list[Fact], seed: int
) -> None:
    rng = random.Random(seed)
    tenant, far = new_tenant(postgres_url), uuid4()
    add_venue(postgres_url, tenant, far, "Australia/Lord_Howe")
    zones = {tenant.venue_id: "Europe/London", far: "Australia/Lord_Howe"}
    events = {venue: uuid4() for venue in zones}
    known = [
        message(venue, events[venue], str(number), fact)
        for number, fact in enumerate(stated)
        for venue in (rng.choice(list(zones)),)
    ]
    for sent in known:
        facts.write(database, tenant.tenant_id, [sent])
    while rollup_applier.apply_some(database, tenant.tenant_id):
        pass
    applied = stored(database, tenant)
    assert rebuild_days.rebuild(database, tenant.tenant_id) == {}
    assert stored(database, tenant) == applied

    with database.tenant(tenant.tenant_id) as connection:
        for statement in (
            "DELETE FROM day_analytics WHERE tenant_id = %s AND length(value) < 2",
            "UPDATE day_analytics SET sold = sold + 1, entries = 7 WHERE tenant_id = %s",
            "DELETE FROM customer_totals WHERE tenant_id = %s AND lines < 3",
            "UPDATE customer_totals SET net_minor = 1, first_at = now() WHERE tenant_id = %s",
        ):
            connection.execute(statement, [tenant.tenant_id])
    corrected = rebuild_days.rebuild(database, tenant.tenant_id)
    expected = expected_of(known, zones)
    assert current(database, tenant, list(zones)) == expected
    assert ("day_analytics" in corrected) == bool(expected.days)
    assert ("customer_totals" in corrected) == bool(expected.customers)
    assert rebuild_days.rebuild(database, tenant.tenant_id) == {}


def test_the_months_of_one_dimension_are_read_from_the_partition_of_months_alone(
    database: Database, tenant: Tenant
) -> None:
    names = {"dimensions": "%(dimensions)s::text[]", "months": "%(months)s::text[]"}
    months = current_days(["sold"], **names)
    asked = {"dimensions": ["channel"], "months": [month_name("channel")], "venues": [tenant.venue_id]}
    bounds = {"since": "-infinity", "until": "infinity", "tenant": tenant.tenant_id}
    with database.tenant(tenant.tenant_id) as connection:
        plan = connection.execute(f"EXPLAIN SELECT sum(m.sold) FROM {months} m", asked | bounds).fetchall()
    read = set(
        re.findall(r"day_analytics_[a-z_]+", re.sub(r"\w+_pkey", "", "\n".join(row[0] for row in plan)))
    )
    assert read == {"day_analytics_months"}
