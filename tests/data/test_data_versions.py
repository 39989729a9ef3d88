"""Tokens of data versions change with every write that touches what they stand for, and with no other."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from data import facts, rollup_applier
from data.data_versions import Span, tokens
from data.engine import Database
from data.messages import NO_EVENT, Fact, PageView, SaleLine, TicketTransfer, VenueUpdate
from data.rollup_tables import touch
from tests.conftest import Tenant
from tests.data.rollup_rows import add_venue, message

DAY = timedelta(days=1)
MORNING = datetime(2026, 11, 20, 6, tzinfo=UTC)
"""Where a business day of the tenant's venue starts."""


class Versions:
    """The tokens of some spans, and which of them changed since the last look."""

    def __init__(self, database: Database, tenant: Tenant, **spans: Span) -> None:
        self.database, self.tenant, self.spans = database, tenant, spans
        self.before = self.read()

    def read(self) -> list[str]:
        with self.database.tenant(self.tenant.tenant_id) as connection:
            return tokens(connection, list(self.spans.values()))

    def changed(self) -> set[str]:
        before, self.before = self.before, self.read()
        return {name for name, old, new in zip(self.spans, before, self.before, strict=True) if old != new}


@pytest.fixture
def event_id() -> UUID:
    return uuid4()


def write(database: Database, tenant: Tenant, event_id: UUID, *stated: Fact) -> None:
    sent = [message(tenant.venue_id, event_id, str(uuid4()), fact) for fact in stated]
    assert facts.write(database, tenant.tenant_id, sent).verdicts == ["accepted"] * len(sent)


def sale(at: datetime) -> SaleLine:
    return SaleLine("sale", at, 1, 4500, "GBP")


def test_a_write_changes_the_tokens_of_its_days_and_events_and_no_other(
    database: Database, postgres_url: str, tenant: Tenant, event_id: UUID
) -> None:
    far, other_event = uuid4(), uuid4()
    add_venue(postgres_url, tenant, far, "Asia/Kathmandu")
    here = (tenant.venue_id,)
    write(database, tenant, event_id, sale(MORNING - 400 * DAY))
    write(database, tenant, other_event, sale(MORNING - 400 * DAY))
    versions = Versions(
        database,
        tenant,
        day=Span(here, MORNING, MORNING + DAY),
        before=Span(here, MORNING - DAY, MORNING),
        after=Span(here, MORNING + DAY, MORNING + 2 * DAY),
        two_years=Span(here, MORNING - 700 * DAY, MORNING + 30 * DAY),
        two_years_before=Span(here, MORNING - 700 * DAY, MORNING),
        since=Span(here, MORNING),
        until=Span(here, None, MORNING + DAY),
        later=Span(here, MORNING + 5 * DAY),
        all=Span(here),
        far=Span((far,)),
        both=Span((*here, far)),
        event=Span(here, events=(event_id,)),
        other_event=Span(here, events=(other_event,)),
    )
    of_the_day = {"day", "two_years", "since", "until", "all", "both"}
    write(database, tenant, event_id, sale(MORNING))
    assert versions.changed() == of_the_day | {"event"}
    write(database, tenant, other_event, sale(MORNING + DAY - timedelta(microseconds=1)))
    assert versions.changed() == of_the_day | {"other_event"}
    write(database, tenant, event_id, TicketTransfer(MORNING, "t1"))
    assert versions.changed() == of_the_day | {"event"}
    write(database, tenant, NO_EVENT, PageView(MORNING, "/"))
    assert versions.changed() == of_the_day
    write(database, tenant, event_id, sale(MORNING - DAY), sale(MORNING + DAY))
    assert versions.changed() == (of_the_day - {"day"}) | {"before", "after", "two_years_before", "event"}
    while rollup_applier.apply_some(database, tenant.tenant_id, most=2):
        assert versions.changed() == set(), "applying changes no answer"
    write(database, tenant, event_id, sale(MORNING))
    assert versions.changed() == of_the_day | {"event"}


def test_a_duplicate_changes_nothing(database: Database, tenant: Tenant, event_id: UUID) -> None:
    sent = [message(tenant.venue_id, event_id, "one", sale(MORNING))]
    facts.write(database, tenant.tenant_id, sent)
    versions = Versions(database, tenant, all=Span((tenant.venue_id,)))
    assert facts.write(database, tenant.tenant_id, sent).verdicts == ["duplicate"]
    assert versions.changed() == set()


def test_a_change_of_the_programme_changes_every_token_of_its_venue(
    database: Database, postgres_url: str, tenant: Tenant, event_id: UUID
) -> None:
    far = uuid4()
    add_venue(postgres_url, tenant, far, "Asia/Kathmandu")
    write(database, tenant, event_id, sale(MORNING))
    long_ago = (MORNING - 100 * DAY, MORNING - 90 * DAY)
    versions = Versions(
        database,
        tenant,
        long_ago=Span((tenant.venue_id,), *long_ago),
        event=Span((tenant.venue_id,), events=(event_id,)),
        far=Span((far,)),
    )
    write(database, tenant, event_id, VenueUpdate(MORNING, "capacity", "500"))
    assert versions.changed() == {"long_ago", "event"}
    write(database, tenant, NO_EVENT, VenueUpdate(MORNING, "capacity", "900"))
    assert versions.changed() == {"long_ago", "event"}
    write(database, tenant, uuid4(), sale(MORNING))  # Its event is new.
    assert versions.changed() == {"long_ago", "event"}
    with database.tenant(tenant.tenant_id) as connection:
        touch(connection, [(tenant.venue_id, event_id)])
    assert versions.changed() == {"long_ago", "event"}
    while rollup_applier.apply_some(database, tenant.tenant_id):
        pass
    assert versions.changed() == set()
