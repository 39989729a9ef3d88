"""The live state of an event and of a venue's evening, as data/live_state.py composes it."""

from typing import Literal, NotRequired, TypedDict

from api.shapes.values import Id, Minor, Moment

Level = Literal["ok", "amber", "red", "over"]


class Milestone(TypedDict):
    """A mark that was passed."""

    measure: str
    percent: int
    reachedAt: Moment


SalesTrend = TypedDict("SalesTrend", {"bucketMinutes": int, "from": Moment, "sold": list[int]})
Arrivals = TypedDict(
    "Arrivals",
    {
        "bucketMinutes": int,
        "from": Moment | None,
        "counts": list[int],
        "usual": list[float] | None,
        "comparables": int,
    },
)


class SalesPace(TypedDict):
    """Tickets and how fast they go."""

    sold: int
    comps: int
    held: int
    cancelled: int
    refunds: int
    transfers: int
    pending: int
    inCarts: int
    capacity: int
    remaining: int
    percentSold: float | None
    perMinute: float
    perFiveMinutes: float
    perHour: float
    perDay: float
    soldToday: int


class LiveSales(SalesPace):
    """The sales of an event."""

    projectedSellOutAt: Moment | None
    milestones: list[Milestone]
    trend: SalesTrend


class Money(TypedDict):
    """Sums in one currency; currencies are never added up."""

    currency: str
    exponent: int
    grossMinor: Minor
    refundedMinor: Minor
    feesMinor: Minor
    taxMinor: Minor
    netMinor: Minor
    tonightNetMinor: Minor
    projectedTonightMinor: float | None
    perMinuteMinor: float
    trend: NotRequired[list[int]]


class LiveRevenue(TypedDict):
    """Money by currency, that of the venue first."""

    currencies: list[Money]


class Gate(TypedDict):
    """A door; `gate` is null for scans that name none."""

    gate: str | None
    name: str
    zone: str | None
    entries: int
    exits: int
    invalid: int
    perMinute: float
    lastScanAt: Moment | None
    stalled: bool


class Peak(TypedDict):
    """Most people inside, and when that will be."""

    at: Moment
    inside: int


class People(TypedDict):
    """Who came and who is inside."""

    entered: int
    entries: int
    exits: int
    reentries: int
    inside: int
    invalid: int
    expected: int
    noShows: int


class LiveAttendance(People):
    """The doors of an event."""

    peak: int
    peakAt: Moment | None
    gates: list[Gate]
    moreGates: int
    arrivals: Arrivals
    projectedPeak: Peak | None


class ZoneLoad(TypedDict):
    """People in one zone of the house."""

    zone: str | None
    name: str
    inside: int
    capacity: int
    percent: float | None
    level: Level


class Load(TypedDict):
    """People inside against what the house holds."""

    inside: int
    capacity: int
    percent: float | None
    level: Level
    amberPercent: int
    redPercent: int


class LiveCapacity(Load):
    """The same of an event, with its zones."""

    since: Moment | None
    zones: list[ZoneLoad]


class LiveSocial(TypedDict):
    """What is said about an event."""

    mentions: int
    reach: int
    engagements: int
    engagementRate: float | None
    viral: bool


class EventHead(TypedDict):
    """The event itself."""

    name: str
    status: str
    doorsAt: Moment | None
    startsAt: Moment | None
    endsAt: Moment | None
    onSaleAt: Moment | None
    venueName: str
    zone: str
    currency: str
    capacity: int
    physicalCapacity: int
    registered: bool
    demo: bool
    targetTickets: int | None
    targetMinor: Minor | None


class FeedItem(TypedDict):
    """Something that happened."""

    at: Moment
    kind: str
    gate: str | None
    ticketType: str | None
    quantity: int | None
    amountMinor: Minor | None
    currency: str | None
    channel: str | None
    reason: str | None
    feesMinor: NotRequired[Minor]
    measure: NotRequired[str]
    percent: NotRequired[int]


class LiveState(TypedDict):
    """Everything live about an event; `seq` is the number of its last committed change."""

    eventId: Id
    venueId: Id
    seq: int
    asOf: Moment
    event: EventHead
    sales: LiveSales
    revenue: LiveRevenue
    attendance: LiveAttendance
    capacity: LiveCapacity
    social: LiveSocial
    feed: list[FeedItem]


class _OfEvent(TypedDict):
    eventId: Id
    venueId: Id
    seq: int
    asOf: Moment
    name: str


class EventSales(_OfEvent):
    """The live sales of an event."""

    sales: LiveSales


class EventRevenue(_OfEvent):
    """The live revenue of an event."""

    revenue: LiveRevenue


class EventAttendance(_OfEvent):
    """The live attendance of an event."""

    attendance: LiveAttendance


class EventCapacity(_OfEvent):
    """How full an event is."""

    capacity: LiveCapacity


class EventSocial(_OfEvent):
    """What is said about an event."""

    social: LiveSocial


class _InVenue(TypedDict):
    eventId: Id
    name: str
    seq: int
    asOf: Moment


class SalesInVenue(_InVenue):
    """Of one event of a venue's evening."""

    sales: LiveSales


class RevenueInVenue(_InVenue):
    """Of one event of a venue's evening."""

    revenue: LiveRevenue


class AttendanceInVenue(_InVenue):
    """Of one event of a venue's evening."""

    attendance: LiveAttendance


class CapacityInVenue(_InVenue):
    """Of one event of a venue's evening."""

    capacity: LiveCapacity


class _OfVenue(TypedDict):
    venueId: Id
    asOf: Moment | None


class VenueSales(_OfVenue):
    """A venue's evening: the sums, and its events side by side."""

    sales: SalesPace
    events: list[SalesInVenue]


class VenueRevenue(_OfVenue):
    """A venue's evening: the sums, and its events side by side."""

    revenue: LiveRevenue
    events: list[RevenueInVenue]


class VenueAttendance(_OfVenue):
    """A venue's evening: the sums, and its events side by side."""

    attendance: People
    events: list[AttendanceInVenue]


class VenueCapacity(_OfVenue):
    """Everybody in the house, and its events side by side."""

    capacity: Load
    events: list[CapacityInVenue]


class Visits(TypedDict):
    """`visits` counts every event a ticket came to, `people` each ticket once."""

    visits: int
    people: int
    inside: int


class SeriesAttendance(TypedDict):
    """The attendance of a series."""

    seriesId: Id
    attendance: Visits
