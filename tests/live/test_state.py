"""The live state of one event, written by the one writer and read back whole."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from data import facts, milestones
from data.engine import Database
from data.live import read_state, tonight, versions
from data.live_state import EventState
from data.messages import Message, SaleLine, Scan, message_key
from tests.conftest import Tenant
from tests.live.night import Night, open_night

DOORS = datetime(2026, 5, 1, 18, 0, tzinfo=UTC)
NOW = datetime(2026, 5, 1, 18, 12, 30, tzinfo=UTC)


@pytest.fixture
def night(database: Database, tenant: Tenant) -> Night:
    return open_night(database, tenant.tenant_id, tenant.venue_id, DOORS)


def state_of(night: Night, now: datetime = NOW, record: bool = False) -> EventState:
    with night.database.tenant(night.tenant_id) as tenant:
        state = read_state(tenant, night.event_id, now)
        assert state is not None
        if record:
            milestones.record(tenant, state)
    return state


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_the_moment_that_a_state_names_gives_the_same_state_again(night: Night) -> None:
    night.sell(
        1, NOW - minutes(1), amount_minor=10**14
    )  # So much that each microsecond changes the projection.
    state = state_of(night, NOW + timedelta(microseconds=499))
    assert state["asOf"] == "2026-05-01T18:12:30.001Z"
    assert state == state_of(night, datetime.fromisoformat(state["asOf"]))


def test_an_event_without_facts_is_all_zeros_and_names_itself(night: Night) -> None:
    state = state_of(night)
    assert state["seq"] == 0
    assert state["asOf"] == "2026-05-01T18:12:30.000Z"
    assert state["event"] == {
        "name": "The Night",
        "status": "on_sale",
        "doorsAt": "2026-05-01T18:00:00.000Z",
        "startsAt": "2026-05-01T19:00:00.000Z",
        "endsAt": "2026-05-01T22:00:00.000Z",
        "onSaleAt": "2026-04-01T18:00:00.000Z",
        "venueName": "The Hall",
        "zone": "Europe/London",
        "currency": "GBP",
        "capacity": 800,
        "physicalCapacity": 1000,
        "registered": True,
        "demo": False,
        "targetTickets": 600,
        "targetMinor": 1500000,
    }
    assert state["sales"] == {
        "sold": 0,
        "comps": 0,
        "held": 0,
        "cancelled": 0,
        "refunds": 0,
        "transfers": 0,
        "pending": 0,
        "inCarts": 0,
        "capacity": 800,
        "remaining": 800,
        "percentSold": 0.0,
        "perMinute": 0,
        "perFiveMinutes": 0.0,
        "perHour": 0.0,
        "perDay": 0,
        "soldToday": 0,
        "projectedSellOutAt": None,
        "milestones": [],
        "trend": {"bucketMinutes": 5, "from": "2026-05-01T16:15:00.000Z", "sold": [0] * 24},
    }
    assert state["revenue"]["currencies"] == [
        {
            "currency": "GBP",
            "exponent": 2,
            "grossMinor": 0,
            "refundedMinor": 0,
            "feesMinor": 0,
            "taxMinor": 0,
            "netMinor": 0,
            "tonightNetMinor": 0,
            "projectedTonightMinor": 0,
            "perMinuteMinor": 0,
            "trend": [0] * 24,
        }
    ]
    assert state["capacity"] == {
        "inside": 0,
        "capacity": 1000,
        "percent": 0.0,
        "level": "ok",
        "amberPercent": 80,
        "redPercent": 95,
        "since": None,
        "zones": [],
    }
    assert state["social"] == {
        "mentions": 0,
        "reach": 0,
        "engagements": 0,
        "engagementRate": None,
        "viral": False,
    }
    assert state["feed"] == []


def test_sales_are_counted_with_their_pace_trend_and_projection(night: Night) -> None:
    night.sell(30, NOW - minutes(20))
    night.sell(8, NOW - minutes(2))
    night.write(
        [
            SaleLine("comp", NOW - minutes(1), 2, 0, "GBP", ticket_type="guest", comp=True),
            SaleLine("cancellation", NOW - minutes(1), -1, 0, "GBP"),
            SaleLine("refund", NOW - minutes(1), 0, -2500, "GBP"),
            SaleLine("fee", NOW - minutes(1), 0, 300, "GBP", tax_minor=50),
        ]
    )
    state = state_of(night)
    sales = state["sales"]
    assert (sales["sold"], sales["comps"], sales["cancelled"]) == (37, 2, 1)
    assert sales["remaining"] == 800 - 37 - 2
    assert sales["percentSold"] == 4.6
    assert sales["perMinute"] == 0
    assert sales["perFiveMinutes"] == 7.0
    assert sales["perHour"] == 37.0
    assert sales["soldToday"] == 37
    # 37 in the hour and 37 in the day: (37 + 37/24)/2 an hour, more than the 48 minutes to the start.
    assert sales["projectedSellOutAt"] is None
    assert sales["trend"]["sold"][-6:] == [0, 30, 0, 0, 0, 7]
    assert state["attendance"]["expected"] == 39
    (money,) = state["revenue"]["currencies"]
    assert money == {
        "currency": "GBP",
        "exponent": 2,
        "grossMinor": 95000,
        "refundedMinor": 2500,
        "feesMinor": 300,
        "taxMinor": 50,
        "netMinor": 92800,
        "tonightNetMinor": 92800,
        # 928 pounds in the hour and in the day: 483 an hour for the 48 minutes to the start.
        "projectedTonightMinor": 131064,
        "perMinuteMinor": 3560,
        "trend": [0] * 19 + [75000, 0, 0, 0, 17800],
    }


def test_currencies_stand_side_by_side_and_are_never_added(night: Night) -> None:
    night.sell(1, NOW, 2500, "GBP")
    night.sell(1, NOW, 4000, "JPY")
    night.sell(1, NOW, 12_500, "KWD")
    money = state_of(night)["revenue"]["currencies"]
    assert [(m["currency"], m["exponent"], m["netMinor"]) for m in money] == [
        ("GBP", 2, 2500),
        ("JPY", 0, 4000),
        ("KWD", 3, 12500),
    ]


def test_yesterdays_sales_do_not_count_for_today_which_begins_at_the_venues_cut_off(night: Night) -> None:
    # The business day starts at 06:00 in London, 05:00 UTC in May.
    night.sell(5, datetime(2026, 5, 1, 4, 59, tzinfo=UTC))
    night.sell(3, datetime(2026, 5, 1, 5, 0, tzinfo=UTC))
    state = state_of(night)
    assert state["sales"]["soldToday"] == 3
    assert state["revenue"]["currencies"][0]["tonightNetMinor"] == 7500
    assert state["sales"]["sold"] == 8


def test_gates_show_their_totals_and_pace_and_the_one_that_stalls(night: Night, tenant: Tenant) -> None:
    with night.database.tenant(night.tenant_id) as connection:
        connection.execute(
            "INSERT INTO gates (tenant_id, venue_id, gate, name, zone, position) VALUES"
            " (%(t)s, %(v)s, 'north', 'North gate', 'hall', 1), (%(t)s, %(v)s, 'east', 'East gate', NULL, 2)",
            {"t": night.tenant_id, "v": night.venue_id},
        )
    for minute in range(12):
        night.enter(10, DOORS + minutes(minute), "north")
        if minute < 8:
            night.enter(9, DOORS + minutes(minute), "south")
    night.write([Scan(NOW, "bad", effect=0, reason="used", gate="north")])
    attendance = state_of(night)["attendance"]
    assert attendance["gates"] == [
        {
            "gate": "north",
            "name": "North gate",
            "zone": "hall",
            "entries": 120,
            "exits": 0,
            "invalid": 1,
            "perMinute": 9.0,
            "lastScanAt": "2026-05-01T18:12:30.000Z",
            "stalled": False,
        },
        {
            "gate": "east",
            "name": "East gate",
            "zone": None,
            "entries": 0,
            "exits": 0,
            "invalid": 0,
            "perMinute": 0.0,
            "lastScanAt": None,
            "stalled": False,
        },
        {
            "gate": "south",
            "name": "south",
            "zone": None,
            "entries": 72,
            "exits": 0,
            "invalid": 0,
            "perMinute": 0.0,
            "lastScanAt": "2026-05-01T18:07:00.000Z",
            "stalled": True,
        },
    ]
    assert attendance["entered"] == 192
    assert attendance["noShows"] == 0
    assert attendance["arrivals"] == {
        "bucketMinutes": 5,
        "from": "2026-05-01T17:30:00.000Z",
        "counts": [0, 0, 0, 0, 0, 0, 95, 77, 20],
        "usual": None,
        "comparables": 0,
    }
    assert attendance["projectedPeak"] is None


def test_the_last_minute_is_counted_to_the_second(night: Night) -> None:
    night.sell(3, NOW - timedelta(seconds=59))
    night.sell(1, NOW - timedelta(seconds=60))
    night.write(
        [
            SaleLine("comp", NOW, 1, 0, "GBP", comp=True),
            SaleLine("cancellation", NOW, -1, 0, "GBP"),
            SaleLine("sale", NOW, 1, 500, "GBP", ticket_type="parking", admission=False),
        ]
    )
    assert state_of(night)["sales"]["perMinute"] == 2


def test_a_sell_out_is_projected_from_ten_tickets_on(night: Night) -> None:
    night.sell(791, NOW - timedelta(days=2))
    night.sell(8, NOW - minutes(5))
    sales = state_of(night)["sales"]
    assert (sales["remaining"], sales["perDay"], sales["projectedSellOutAt"]) == (1, 8, None)
    night.write([SaleLine("cancellation", NOW - timedelta(days=2), -2, 0, "GBP")])
    night.sell(2, NOW - minutes(5))
    sales = state_of(night)["sales"]
    assert (sales["remaining"], sales["perDay"]) == (1, 10)
    assert sales["projectedSellOutAt"] is not None


def test_scans_without_a_gate_and_people_in_no_zone_have_lines_of_their_own(night: Night) -> None:
    with night.database.tenant(night.tenant_id) as connection:
        keys = {"t": night.tenant_id, "v": night.venue_id}
        connection.execute(
            "INSERT INTO gates (tenant_id, venue_id, gate, name, zone)"
            " VALUES (%(t)s, %(v)s, 'north', 'North gate', 'hall')",
            keys,
        )
        connection.execute(
            "INSERT INTO zones (tenant_id, venue_id, zone, name, capacity)"
            " VALUES (%(t)s, %(v)s, 'hall', 'Hall', 500)",
            keys,
        )
    night.enter(4, NOW - minutes(1), "north")
    assert [gate["gate"] for gate in state_of(night)["attendance"]["gates"]] == ["north"]
    assert [zone["zone"] for zone in state_of(night)["capacity"]["zones"]] == ["hall"]
    night.enter(10, NOW - minutes(1), None)
    night.write([Scan(NOW, "bad", effect=0, reason="used")])
    state = state_of(night)
    assert state["attendance"]["gates"][-1] == {
        "gate": None,
        "name": "No gate",
        "zone": None,
        "entries": 10,
        "exits": 0,
        "invalid": 1,
        "perMinute": 2.0,
        "lastScanAt": "2026-05-01T18:12:30.000Z",
        "stalled": False,
    }
    for name in ("entries", "exits", "invalid"):
        assert sum(gate[name] for gate in state["attendance"]["gates"]) == state["attendance"][name]
    assert state["capacity"]["zones"][-1] == {
        "zone": None,
        "name": "Elsewhere",
        "inside": 10,
        "capacity": 0,
        "percent": None,
        "level": "ok",
    }


def test_of_very_many_gates_the_busiest_are_listed_and_the_rest_counted(night: Night) -> None:
    night.write(
        [
            Scan(NOW, f"{number}-{scan}", gate=f"g{number:03}")
            for number in range(60)
            for scan in range(1 + number // 30)
        ]
    )
    attendance = state_of(night)["attendance"]
    listed = [gate["gate"] for gate in attendance["gates"]]
    assert listed == [f"g{number:03}" for number in (*range(10), *range(30, 60))]
    assert attendance["moreGates"] == 20


def test_arrivals_stand_beside_the_usual_curve_and_project_the_peak(night: Night) -> None:
    night.sell(500, NOW - timedelta(days=3))
    with night.database.tenant(night.tenant_id) as connection:
        connection.execute(
            "INSERT INTO usual_arrivals (tenant_id, venue_id, event_id, bucket_minutes, first_offset_minutes,"
            " shares, peak_offset_minutes, peak_share, comparables, computed_at)"
            " VALUES (%s, %s, %s, 5, 0, '{0.1,0.3,0.7,0.9,1}', 25, 0.95, %s, now())",
            [night.tenant_id, night.venue_id, night.event_id, [uuid4(), uuid4()]],
        )
    for bucket, count in ((10, 46), (11, 92)):
        night.enter(count, DOORS + minutes(bucket))
    attendance = state_of(night, DOORS + minutes(15))["attendance"]
    assert attendance["arrivals"] == {
        "bucketMinutes": 5,
        "from": "2026-05-01T17:30:00.000Z",
        "counts": [0, 0, 0, 0, 0, 0, 0, 0, 138, 0],
        "usual": [0.0] * 6 + [46.0, 92.0, 184.0, 92.0, 46.0],
        "comparables": 2,
    }
    peak = attendance["projectedPeak"]
    assert datetime.fromisoformat(peak["at"]) > DOORS + minutes(25)
    assert 138 < peak["inside"] <= 475


def test_the_capacity_level_knows_since_when_it_holds(night: Night) -> None:
    night.enter(700, DOORS)
    night.enter(120, DOORS + minutes(3))
    night.enter(10, DOORS + minutes(5))
    capacity = state_of(night)["capacity"]
    assert (capacity["inside"], capacity["percent"], capacity["level"]) == (830, 83.0, "amber")
    assert capacity["since"] == "2026-05-01T18:03:00.000Z"


def test_milestones_are_recorded_once_and_stay_after_a_cancellation(night: Night) -> None:
    night.sell(450, NOW - timedelta(days=1))
    first = state_of(night, record=True)
    reached = [(m["measure"], m["percent"]) for m in first["sales"]["milestones"]]
    assert sorted(reached) == [
        ("revenue_target", 25),
        ("revenue_target", 50),
        ("revenue_target", 75),
        ("sold_capacity", 25),
        ("sold_capacity", 50),
        ("sold_target", 25),
        ("sold_target", 50),
        ("sold_target", 75),
    ]
    bought = "2026-04-30T18:12:00.000Z"  # The minute of the sale, not of our noticing.
    assert {m["reachedAt"] for m in first["sales"]["milestones"]} == {bought}
    night.write([SaleLine("cancellation", NOW, -200, 0, "GBP")])
    with night.database.tenant(night.tenant_id) as tenant:
        second = read_state(tenant, night.event_id, NOW + minutes(1))
        assert second is not None
        assert milestones.record(tenant, second) == []
    assert second["sales"]["milestones"] == first["sales"]["milestones"]


def test_a_mark_passed_in_the_running_minute_heads_the_feed(night: Night) -> None:
    night.sell(200, NOW)
    state = state_of(night, record=True)
    passed = [(item["kind"], item["at"], item["measure"]) for item in state["feed"][:2]]
    assert sorted(passed) == [
        ("milestone", state["asOf"], "sold_capacity"),
        ("milestone", state["asOf"], "sold_target"),
    ]


def test_history_read_in_after_the_event_passes_no_milestones(night: Night) -> None:
    night.sell(450, NOW)
    assert state_of(night, NOW + timedelta(days=30), record=True)["sales"]["milestones"] == []


def test_talk_goes_viral_against_the_events_own_habit(night: Night) -> None:
    for hour in (1, 2, 3):
        night.mention(2, NOW - timedelta(hours=hour))
    assert state_of(night)["social"] == {
        "mentions": 6,
        "reach": 600,
        "engagements": 24,
        "engagementRate": 0.04,
        "viral": False,
    }
    night.mention(30, NOW - minutes(1))
    assert state_of(night)["social"]["viral"] is True
    assert state_of(night, NOW + minutes(15))["social"]["viral"] is False


def test_the_feed_has_the_newest_twenty_of_everything_that_happened(night: Night) -> None:
    night.sell(25, NOW - minutes(30))
    night.enter(3, NOW - minutes(3))
    night.write([Scan(NOW - minutes(2), "x", "exit", gate="south")])
    night.write([Scan(NOW - minutes(1), "y", effect=0, reason="unpaid", gate="north")])
    feed = state_of(night)["feed"]
    assert [item["kind"] for item in feed] == ["refused", "exit", "entry", *["sale"] * 17]
    assert feed[0] == {
        "at": "2026-05-01T18:11:30.000Z",
        "kind": "refused",
        "gate": "north",
        "ticketType": None,
        "quantity": None,
        "amountMinor": None,
        "currency": None,
        "channel": None,
        "reason": "unpaid",
    }
    assert feed[-1] == {
        "at": "2026-05-01T17:42:30.000Z",
        "kind": "sale",
        "gate": None,
        "ticketType": None,
        "quantity": 1,
        "amountMinor": 2500,
        "currency": "GBP",
        "channel": "web",
        "reason": None,
    }


def test_an_unknown_event_and_another_tenants_event_are_both_none(night: Night, other_tenant: Tenant) -> None:
    with night.database.tenant(other_tenant.tenant_id) as tenant:
        assert read_state(tenant, night.event_id, NOW) is None
        assert read_state(tenant, uuid4(), NOW) is None
        assert tonight(tenant, night.venue_id, NOW) == []
        assert versions(tenant, [(night.venue_id, night.event_id)]) == {}


def test_versions_count_the_transactions_that_touched_an_event(night: Night) -> None:
    night.sell(2, NOW)
    night.sell(1, NOW)
    with night.database.tenant(night.tenant_id) as tenant:
        assert versions(tenant, [(night.venue_id, night.event_id)]) == {night.event_id: 2}
    assert state_of(night)["seq"] == 2


def test_events_that_senders_made_up_do_not_push_registered_ones_out_of_the_switcher(
    night: Night, database: Database, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, external_id, name, registered, doors_at)"
            " SELECT %s, %s, gen_random_uuid(), 'gig-' || n, 'A gig', false, %s"
            " FROM generate_series(1, 15) n",
            [tenant.tenant_id, tenant.venue_id, DOORS - minutes(30)],
        )
        coming = open_night(database, tenant.tenant_id, tenant.venue_id, DOORS + timedelta(days=1))
        shown = tonight(connection, tenant.venue_id, NOW)
    assert [item["registered"] for item in shown] == [True, *[False] * 12, True]
    assert (shown[0]["eventId"], shown[-1]["eventId"]) == (str(night.event_id), str(coming.event_id))


def test_the_switcher_shows_what_is_live_then_what_comes_then_what_was(
    night: Night, database: Database, tenant: Tenant
) -> None:
    nights = {
        name: open_night(database, tenant.tenant_id, tenant.venue_id, DOORS + timedelta(days=days))
        for name, days in (("tomorrow", 1), ("next week", 7), ("yesterday", -1), ("long over", -9))
    }
    with database.tenant(tenant.tenant_id) as connection:
        shown = tonight(connection, tenant.venue_id, NOW)
    assert [(item["eventId"], item["phase"]) for item in shown] == [
        (str(night.event_id), "live"),
        (str(nights["tomorrow"].event_id), "next"),
        (str(nights["next week"].event_id), "next"),
        (str(nights["yesterday"].event_id), "over"),
    ]


def test_an_event_nobody_entered_is_live_while_it_changes_and_gone_a_day_later(
    night: Night, database: Database, tenant: Tenant
) -> None:
    unregistered = uuid4()
    sale = SaleLine("sale", NOW, 1, 2500, "GBP")
    key = message_key("test", "gig-77")
    facts.write(
        database,
        tenant.tenant_id,
        [Message(key, "test", "test", tenant.venue_id, unregistered, "gig-77", NOW, "{}", (sale,))],
    )
    written = datetime.now(UTC)

    def phases(at: datetime) -> list[str]:
        with database.tenant(tenant.tenant_id) as connection:
            shown = tonight(connection, tenant.venue_id, at)
        return [item["phase"] for item in shown if item["eventId"] == str(unregistered)]

    assert phases(written) == ["live"]
    assert phases(written + timedelta(hours=1)) == ["next"]
    assert phases(written + timedelta(days=2)) == []
