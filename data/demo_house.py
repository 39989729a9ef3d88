"""The two houses of the demo: their zones, gates, series, price lists and public. All of it invented."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DemoZone:
    """A part of a house; `releases` are (suffix, name, price factor, share), sold one after the other."""

    zone: str
    name: str
    capacity: int
    for_sale: int
    price_factor: float
    releases: tuple[tuple[str, str, float, float], ...]


@dataclass(frozen=True, slots=True)
class DemoGate:
    """An entrance to one zone that lets in at most `per_minute` people."""

    gate: str
    name: str
    zone: str
    per_minute: float


@dataclass(frozen=True, slots=True)
class DemoSeries:
    """Evenings of one kind; `weekdays` weighs Monday to Sunday, `price` is in major units."""

    ref: str
    name: str
    genre: str
    weekdays: tuple[int, int, int, int, int, int, int]
    demand: float
    price: float
    doors: tuple[int, int]
    minutes_to_start: int
    minutes_long: int
    acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoVenue:
    """A house and its public; `places` are (country, city, weight), `evenings_by_weekday` are chances."""

    ref: str
    name: str
    zone: str
    currency: str
    capacity: int
    sellable: int
    holds: tuple[tuple[str, int, str], ...]
    guests: int
    fee_minor: int
    customers: int
    lead_days: tuple[int, int]
    slow_gate: str
    evenings_by_weekday: tuple[float, float, float, float, float, float, float]
    zones: tuple[DemoZone, ...]
    gates: tuple[DemoGate, ...]
    series: tuple[DemoSeries, ...]
    places: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class DemoTicketType:
    """One line of a price list; the price is in minor units, `zone` is where its holders stand or sit."""

    ticket_type: str
    name: str
    zone: str
    price_minor: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Stall:
    """A gate that lets nobody in between two times, given in minutes after doors."""

    gate: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """One evening. `demand` is what the public asks for, as a share of what is for sale; from 1 it sells out.

    All times are instants in UTC. `ref` is the external id under which messages name it.
    """

    ref: str
    venue: str
    name: str
    series: str
    on_sale_at: datetime
    doors_at: datetime
    starts_at: datetime
    ends_at: datetime
    demand: float
    ticket_types: tuple[DemoTicketType, ...]
    stall: Stall | None = None

    @property
    def for_sale(self) -> int:
        """Tickets that can be bought; the guest list is not among them."""
        return sum(t.capacity for t in self.ticket_types if t.price_minor)


THREE_RELEASES = (
    ("-early", ", early bird", 0.8, 0.14),
    ("", "", 1.0, 0.68),
    ("-final", ", final release", 1.15, 1.0),
)
ONE_RELEASE = (("", "", 1.0, 1.0),)

HALL = DemoVenue(
    ref="riverside-hall",
    name="Riverside Hall",
    zone="Europe/London",
    currency="GBP",
    capacity=2400,
    sellable=2340,
    holds=(("production", 24, "Sound and light desk"), ("house", 18, "House seats")),
    guests=58,
    fee_minor=275,
    customers=60_000,
    lead_days=(55, 130),
    slow_gate="C",
    evenings_by_weekday=(0.10, 0.17, 0.22, 0.33, 0.52, 0.62, 0.15),
    zones=(
        DemoZone("standing", "Standing", 620, 600, 0.95, THREE_RELEASES),
        DemoZone("floor", "Main floor", 980, 900, 1.1, THREE_RELEASES),
        DemoZone(
            "balcony",
            "Balcony",
            680,
            628,
            0.85,
            (("", "", 1.0, 0.84), ("-side", ", restricted view", 0.72, 1.0)),
        ),
        DemoZone("vip", "VIP boxes", 120, 112, 2.2, ONE_RELEASE),
    ),
    gates=(
        DemoGate("A", "Gate A", "standing", 17.0),
        DemoGate("B", "Gate B", "floor", 16.0),
        DemoGate("C", "Gate C", "floor", 15.0),
        DemoGate("D", "Gate D", "balcony", 17.0),
        DemoGate("E", "Gate E", "vip", 8.0),
    ),
    series=(
        DemoSeries(
            "hall-live",
            "Riverside Live",
            "Indie",
            (3, 4, 5, 6, 6, 6, 3),
            0.8,
            34.0,
            (19, 0),
            90,
            140,
            (
                "Paper Lanterns",
                "The Slow Meridian",
                "Harbour Sisters",
                "Vera Quill",
                "Northern Windows",
                "Glass Orchard",
                "Tin Cathedral",
                "The Late Ferries",
                "Copper Coast",
                "Owls of Ardmore",
                "Little Republics",
                "Salt & Sodium",
            ),
        ),
        DemoSeries(
            "hall-philharmonic",
            "City Philharmonic",
            "Classical",
            (1, 4, 4, 5, 2, 2, 5),
            0.68,
            38.0,
            (18, 30),
            60,
            125,
            ("Autumn Symphonies", "Three Concertos", "Winter Requiem", "An Evening of Waltzes", "New World"),
        ),
        DemoSeries(
            "hall-comedy",
            "Comedy Saturday",
            "Comedy",
            (0, 1, 1, 2, 3, 5, 1),
            0.74,
            26.0,
            (18, 45),
            75,
            120,
            ("Comedy Saturday: Winter Bill", "Comedy Saturday: Three Headliners", "Dara Finch: Second Draft"),
        ),
        DemoSeries(
            "hall-electronic",
            "Current",
            "Electronic",
            (0, 0, 1, 2, 5, 6, 1),
            0.78,
            31.0,
            (20, 0),
            90,
            200,
            ("Current with Mono Pilot", "Current with Ada Brandt", "Low Tide All Stars", "Signal & Drift"),
        ),
        DemoSeries(
            "hall-soul",
            "Soul & Roots",
            "Soul",
            (1, 2, 3, 3, 3, 4, 4),
            0.66,
            33.0,
            (19, 0),
            90,
            130,
            ("The Delacroix Family Band", "Ruth Amari", "Brass on the River", "Joel Okafor Trio"),
        ),
    ),
    places=(
        ("GB", "London", 540),
        ("GB", "Croydon", 60),
        ("GB", "Brighton", 50),
        ("GB", "Reading", 40),
        ("GB", "Cambridge", 30),
        ("GB", "Oxford", 30),
        ("GB", "Bristol", 25),
        ("GB", "Birmingham", 22),
        ("GB", "Manchester", 18),
        ("IE", "Dublin", 16),
        ("FR", "Paris", 14),
        ("NL", "Amsterdam", 10),
        ("DE", "Berlin", 10),
        ("US", "New York", 8),
        ("ES", "Madrid", 6),
    ),
)

CLUB = DemoVenue(
    ref="cellar-club",
    name="The Cellar",
    zone="America/New_York",
    currency="USD",
    capacity=450,
    sellable=440,
    holds=(("house", 8, "House list"),),
    guests=18,
    fee_minor=350,
    customers=9_000,
    lead_days=(21, 55),
    slow_gate="side",
    evenings_by_weekday=(0.0, 0.03, 0.09, 0.2, 0.38, 0.41, 0.04),
    zones=(
        DemoZone("room", "Club room", 380, 348, 1.0, THREE_RELEASES),
        DemoZone("mezzanine", "Mezzanine", 70, 66, 1.6, ONE_RELEASE),
    ),
    gates=(
        DemoGate("street", "Street door", "room", 10.0),
        DemoGate("side", "Side door", "mezzanine", 6.0),
    ),
    series=(
        DemoSeries(
            "club-nights",
            "Cellar Nights",
            "Electronic",
            (1, 1, 2, 4, 6, 6, 1),
            0.82,
            24.0,
            (20, 0),
            75,
            180,
            ("Nightjar b2b Sol", "Tape Hiss", "Velvet Static", "Marisol Reyes", "Halftone", "Dub Borough"),
        ),
        DemoSeries(
            "club-jazz",
            "Late Quartet",
            "Jazz",
            (1, 2, 4, 4, 2, 2, 4),
            0.7,
            29.0,
            (19, 0),
            60,
            130,
            ("Ines Calder Quartet", "Monk Street Seven", "The Blue Ledger", "Oskar Lund Trio"),
        ),
    ),
    places=(
        ("US", "New York", 620),
        ("US", "Jersey City", 80),
        ("US", "Newark", 40),
        ("US", "Yonkers", 30),
        ("US", "Boston", 24),
        ("US", "Philadelphia", 24),
        ("CA", "Toronto", 10),
        ("GB", "London", 8),
    ),
)

VENUES = (HALL, CLUB)
