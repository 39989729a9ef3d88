"""What the board says about an event's state: every short text with its exact meaning on hover.

`readings` maps the name of a place on the board to a `Reading`. The browser computes the same
map from the same state on every update (`assets/readings.js`); a test holds the two together.
Times are of the venue; amounts are never summed over currencies.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import floor
from typing import Any, NamedTuple

from data.live_state import FEWEST_SOLD
from widgets.format import NOTHING, clock, compact, count, day, few_currencies, instant, money, percent

State = Mapping[str, Any]
"""An EventState as `data.live` reads it and the socket sends it."""

FEWEST_EXPECTED = 20
MOST_PERCENT = 999


class Reading(NamedTuple):
    """A text on the board and what it says exactly."""

    text: str
    title: str = ""


def readings(state: State) -> dict[str, Reading]:
    """Every reading of the board by name."""
    event = state["event"]
    as_of = f" · as of {clock(state['asOf'], event['zone'], seconds=True)} {event['zone']}"
    texts = {**_event(state), **_sales(state), **_revenue(state), **_attendance(state), **_social(state)}
    return {name: Reading(text, title + as_of if title else "") for name, (text, title) in texts.items()}


def primary_money(state: State) -> dict[str, Any]:
    """The row of the venue's own currency, or the first one there is, or zeros."""
    rows: list[dict[str, Any]] = state["revenue"]["currencies"]
    own = state["event"]["currency"]
    amounts = ("gross", "refunded", "fees", "tax", "net", "tonightNet", "projectedTonight", "perMinute")
    empty = {"currency": own, "exponent": 2, "trend": [], **{f"{amount}Minor": 0 for amount in amounts}}
    return next((row for row in rows if row["currency"] == own), rows[0] if rows else empty)


def usual_so_far(state: State) -> float | None:
    """How many people have usually come by this minute of such a night; None without a usual curve."""
    arrivals = state["attendance"]["arrivals"]
    if not arrivals["usual"] or not arrivals["from"]:
        return None
    elapsed = datetime.fromisoformat(state["asOf"]) - datetime.fromisoformat(arrivals["from"])
    buckets = max(0.0, elapsed / timedelta(minutes=arrivals["bucketMinutes"]))
    whole = int(buckets)
    started = arrivals["usual"][whole] * (buckets - whole) if whole < len(arrivals["usual"]) else 0.0
    return float(sum(arrivals["usual"][:whole]) + started)


def _event(state: State) -> dict[str, Reading]:
    event, zone = state["event"], state["event"]["zone"]
    when = [event["venueName"]]
    if event["doorsAt"] or event["startsAt"]:
        when.append(day(event["doorsAt"] or event["startsAt"], zone))
    if event["doorsAt"]:
        when.append(f"doors {clock(event['doorsAt'], zone)}")
    if event["startsAt"]:
        when.append(f"start {clock(event['startsAt'], zone)}")
    return {
        "event-when": Reading(" · ".join(when), f"Times in {zone}"),
        "phase": Reading(_phase(state)),
        "as-of": Reading(clock(state["asOf"], zone, seconds=True), f"Times in {zone}"),
    }


def _phase(state: State) -> str:
    """Where the night is: what a person at the door would say."""
    event, now = state["event"], datetime.fromisoformat(state["asOf"])
    if event["status"] in ("cancelled", "postponed"):
        return str(event["status"]).capitalize()
    doors, starts, ends = (instant(event[key]) for key in ("doorsAt", "startsAt", "endsAt"))
    if event["status"] == "over" or (ends and now >= ends):
        return "Over"
    if starts and now >= starts:
        return "On now"
    if doors and now >= doors:
        return "Doors open"
    if doors and doors - now < timedelta(hours=10):
        minutes = int((doors - now).total_seconds() // 60)
        return (
            f"Doors in {minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"Doors in {minutes} min"
        )
    return "Sold out" if event["status"] == "sold_out" else "On sale"


def _sales(state: State) -> dict[str, Reading]:
    sales, event = state["sales"], state["event"]
    notes = [f"{count(sales[key])} {key}" for key in ("comps", "held") if sales[key]]
    target = event["targetTickets"]
    reached = _share(100 * sales["sold"] / target) if target else ""
    return {
        "sold": Reading(count(sales["sold"]), f"{count(sales['sold'])} tickets sold, comps not included"),
        "sold-of": Reading(f"/ {count(sales['capacity'])}" if sales["capacity"] else "", "Sellable capacity"),
        "sold-percent": Reading(
            _share(sales["percentSold"]) if sales["capacity"] else "",
            f"{count(sales['remaining'])} left to sell",
        ),
        "sold-note": Reading(
            " · ".join(notes) or "no comps",
            f"{count(sales['comps'])} complimentary, {count(sales['held'])} held,"
            f" {count(sales['cancelled'])} cancelled, {count(sales['refunds'])} refunds,"
            f" {count(sales['transfers'])} transfers",
        ),
        "open-note": Reading(
            f"Per 5 min · {count(sales['inCarts'])} in carts · {count(sales['pending'])} pending",
            "Tickets sold per five minutes in the last two hours; tickets in carts and ordered but not paid",
        ),
        "per-minute": Reading(count(sales["perMinute"]), "Tickets in the last 60 seconds"),
        "per-five": Reading(count(sales["perFiveMinutes"]), "Tickets in the last five minutes"),
        "per-hour": Reading(count(sales["perHour"]), "Tickets in the last hour"),
        "sold-today": Reading(count(sales["soldToday"]), "Tickets sold this business day"),
        "sell-out": Reading(*_sell_out(state)),
        "target": Reading(
            f"{reached} of target {count(target)}" if target else "",
            f"{count(sales['sold'])} of {count(target)} tickets aimed for" if target else "",
        ),
    }


def _sell_out(state: State) -> tuple[str, str]:
    sales, zone = state["sales"], state["event"]["zone"]
    if not sales["capacity"]:
        return NOTHING, "No capacity is set"
    if sales["remaining"] <= 0:
        return "Sold out", "No sellable ticket is left"
    at = sales["projectedSellOutAt"]
    if at is None and sales["perDay"] < FEWEST_SOLD and not _began(state):
        return "Too early to say", f"Fewer than {FEWEST_SOLD} tickets were sold in the last 24 hours"
    if at is None:
        return "Not at this pace", "At the present pace tickets remain when sales end"
    same_day = day(at, zone) == day(state["asOf"], zone)
    text = clock(at, zone) if same_day else f"{day(at, zone)}, {clock(at, zone)}"
    return text, "When the last ticket goes, at the present pace"


def _began(state: State) -> bool:
    """Whether the event has started, or its doors have opened when its start is not known."""
    begins = instant(state["event"]["startsAt"] or state["event"]["doorsAt"])
    return begins is not None and datetime.fromisoformat(state["asOf"]) >= begins


def _share(value: float | None) -> str:
    """A per cent of what was planned; where many times that came, the number says no more."""
    return f">{MOST_PERCENT}%" if value is not None and value > MOST_PERCENT else percent(value)


def _revenue(state: State) -> dict[str, Reading]:
    if state.get("masked"):
        return {
            "revenue": Reading("•••"),
            "revenue-more": Reading(""),
            "revenue-flow": Reading(""),
            "revenue-note": Reading("Amounts are not part of your role"),
        }
    row = primary_money(state)
    code, exponent = row["currency"], row["exponent"]

    def exactly(key: str) -> str:
        return money(row[key], code, exponent, exact=True)

    others = [
        money(other["tonightNetMinor"], other["currency"], other["exponent"])
        for other in state["revenue"]["currencies"]
        if other["currency"] != code
    ]
    return {
        "revenue": Reading(
            money(row["tonightNetMinor"], code, exponent),
            f"{exactly('tonightNetMinor')} {code} net this business day: paid and fees, less refunds;"
            f" about {money(row['projectedTonightMinor'], code, exponent)} by its end at the present pace",
        ),
        "revenue-more": _others(others),
        "revenue-flow": Reading(
            f"{money(row['perMinuteMinor'], code, exponent)} / min",
            f"{exactly('perMinuteMinor')} {code} a minute",
        ),
        "revenue-note": Reading(
            f"{money(row['netMinor'], code, exponent)} in all",
            f"{exactly('grossMinor')} paid + {exactly('feesMinor')} fees"
            f" − {exactly('refundedMinor')} refunded = {exactly('netMinor')} {code},"
            f" of which tax {exactly('taxMinor')}",
        ),
    }


def _others(amounts: Sequence[str]) -> Reading:
    """Amounts in other currencies, kept apart."""
    if not amounts:
        return Reading("")
    first, rest = few_currencies(amounts)
    return Reading(f"· {first} {rest}".rstrip(), f"Other currencies: {' · '.join(amounts)}")


def _attendance(state: State) -> dict[str, Reading]:
    attendance, capacity, zone = state["attendance"], state["capacity"], state["event"]["zone"]
    expected, entered = attendance["expected"], attendance["entered"]
    peak = attendance["projectedPeak"]
    room = capacity["capacity"]
    refused = f" · {count(attendance['invalid'])} refused" if attendance["invalid"] else ""
    again = f" · {count(attendance['reentries'])} came back" if attendance["reentries"] else ""
    return {
        "entered": Reading(count(entered), f"{count(entered)} different tickets scanned in"),
        "entered-of": Reading(f"/ {count(expected)}" if expected else "", "Sold and complimentary tickets"),
        **_against_usual(state),
        **_no_shows(state),
        "inside": Reading(count(capacity["inside"]), f"{count(capacity['inside'])} people inside"),
        "inside-percent": Reading(
            f"{_share(floor(capacity['percent']))} full" if room else "", "Of the physical capacity"
        ),
        "inside-of": Reading(f"of {count(room)}" if room else "no capacity set", "Physical capacity"),
        "peak": Reading(
            f"{count(attendance['peak'])} at {_at(attendance['peakAt'], state)}"
            if attendance["peakAt"]
            else NOTHING,
            "Most people inside so far",
        ),
        "projected-peak": Reading(
            f"{count(peak['inside'])} at {clock(peak['at'], zone)}" if peak else NOTHING,
            "Expected from tonight's arrivals and the usual curve"
            if peak
            else "Needs past nights to compare with",
        ),
        "doors-note": Reading(
            f"{count(attendance['entries'])} in · {count(attendance['exits'])} out{again}{refused}",
            f"{count(attendance['entries'])} entries, {count(attendance['exits'])} exits,"
            f" {count(attendance['reentries'])} re-entries, {count(attendance['invalid'])} refused",
        ),
        "arrivals-note": Reading(_nobody(state)),
        "usual-note": Reading(
            _usual(attendance["arrivals"]["comparables"])
            if attendance["arrivals"]["usual"]
            else "No comparable nights yet"
        ),
    }


def _at(at: str, state: State) -> str:
    """A time of day, with its date when it is not of today."""
    zone = state["event"]["zone"]
    date = day(at, zone)
    today = date == day(state["asOf"], zone)
    return clock(at, zone) if today else f"{clock(at, zone)}, {date.partition(' ')[2]}"


def _no_shows(state: State) -> dict[str, Reading]:
    """Who has not come, once anybody could have."""
    expected, missing = state["attendance"]["expected"], state["attendance"]["noShows"]
    doors = instant(state["event"]["doorsAt"] or state["event"]["startsAt"])
    closed = doors is None or datetime.fromisoformat(state["asOf"]) < doors
    if expected and closed and not state["attendance"]["entered"]:
        note = "doors not open yet" if doors else "no time of doors set"
        return {
            "no-shows": Reading(NOTHING, f"{count(expected)} expected"),
            "no-shows-percent": Reading(""),
            "no-shows-note": Reading(note),
        }
    return {
        "no-shows": Reading(count(missing), f"{count(missing)} tickets not scanned in yet"),
        "no-shows-percent": Reading(
            percent(100 * missing / expected) if expected else "", f"{count(expected)} expected"
        ),
        "no-shows-note": Reading(f"of {count(expected)} expected" if expected else "none expected"),
    }


def _nobody(state: State) -> str:
    """What stands in an empty chart."""
    curve = state["attendance"]["arrivals"]
    if curve["from"] is None:
        return "Without doors or a start there is no curve to draw."
    return "" if curve["usual"] or any(curve["counts"]) else "Nobody has arrived yet."


def _against_usual(state: State) -> dict[str, Reading]:
    """Arrivals so far against the usual curve by this minute, when that curve has said enough."""
    usual = usual_so_far(state)
    if usual is None or usual < FEWEST_EXPECTED:
        rest = state["attendance"]["expected"]
        note = (
            f"{_share(100 * state['attendance']['entered'] / rest)} of expected" if rest else "none expected"
        )
        return {"entered-delta": Reading(""), "entered-note": Reading(note)}
    come = sum(state["attendance"]["arrivals"]["counts"])
    change = 100 * (come - usual) / usual
    arrow = "≈" if abs(change) < 0.5 else "▲" if change > 0 else "▼"
    return {
        "entered-delta": Reading(
            f"{arrow} {percent(abs(change))}", f"{count(come)} came, usually {count(usual)} by now"
        ),
        "entered-note": Reading("vs usual by now"),
    }


def _social(state: State) -> dict[str, Reading]:
    social = state["social"]
    engaged = social["engagementRate"]
    return {
        "mentions": Reading(count(social["mentions"]), f"{count(social['mentions'])} posts about this event"),
        "reach": Reading(compact(social["reach"]), f"{count(social['reach'])} people could see them"),
        "engagement": Reading(
            percent(None if engaged is None else 100 * engaged), "Likes and shares per person reached"
        ),
    }


def _usual(nights: int) -> str:
    return f"Usual of {nights} comparable {'night' if nights == 1 else 'nights'}"
