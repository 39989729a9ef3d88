"""The twenty venues of the dashboard benchmark: where they are, what they charge, who comes, what is on."""

from dataclasses import dataclass

Place = tuple[str, str, str, int]
"""(country, region, city, weight)"""


@dataclass(frozen=True)
class House:
    """One venue. `price` is what an ordinary ticket costs, in minor units of `currency`."""

    ref: str
    name: str
    zone: str
    currency: str
    price: int
    capacity: int
    home: str
    day_starts: str = "06:00"
    gates: int = 4
    scanners: bool = True


HOUSES = (
    House("albion-hall", "Albion Hall", "Europe/London", "GBP", 3200, 3400, "GB"),
    House("tide-rooms", "Tide Rooms", "Europe/London", "GBP", 2400, 1100, "GB", scanners=False),
    House("mill-yard", "Mill Yard", "Europe/London", "GBP", 2800, 2200, "GB"),
    House("castle-dock", "Castle Dock", "Europe/London", "GBP", 3600, 5200, "GB", gates=6),
    House("harp-theatre", "Harp Theatre", "Europe/Dublin", "EUR", 3400, 1500, "IE"),
    House("salle-verte", "Salle Verte", "Europe/Paris", "EUR", 3900, 2400, "FR", "05:00"),
    House("spreehaus", "Spreehaus", "Europe/Berlin", "EUR", 3100, 3000, "DE"),
    House("elbkai", "Elbkai", "Europe/Berlin", "EUR", 2900, 1800, "DE", scanners=False),
    House("grachthuis", "Grachthuis", "Europe/Amsterdam", "EUR", 3300, 1700, "NL"),
    House("teatro-sur", "Teatro Sur", "Europe/Madrid", "EUR", 2700, 2600, "ES", "07:00"),
    House("corte-nuova", "Corte Nuova", "Europe/Rome", "EUR", 3000, 2000, "IT", scanners=False),
    House("norra-scenen", "Norra Scenen", "Europe/Stockholm", "SEK", 42000, 1600, "SE"),
    House("havnesalen", "Havnesalen", "Europe/Copenhagen", "DKK", 31000, 1300, "DK", scanners=False),
    House("foundry", "The Foundry", "America/New_York", "USD", 5200, 3800, "US", "04:00", 6),
    House("lakeside", "Lakeside", "America/Chicago", "USD", 4600, 2900, "US", "04:00", scanners=False),
    House("canyon-bowl", "Canyon Bowl", "America/Los_Angeles", "USD", 5600, 6000, "US", "04:00", 6),
    House("maple-court", "Maple Court", "America/Toronto", "CAD", 5400, 2300, "CA", "04:00"),
    House("kawa-hall", "Kawa Hall", "Asia/Tokyo", "JPY", 7800, 2100, "JP", "05:00"),
    House(
        "bagmati-stage", "Bagmati Stage", "Asia/Kathmandu", "NPR", 180000, 900, "NP", gates=2, scanners=False
    ),
    House("torrens-shed", "Torrens Shed", "Australia/Adelaide", "AUD", 5900, 1900, "AU"),
)

PLACES: tuple[Place, ...] = (
    ("GB", "England", "London", 60),
    ("GB", "England", "Manchester", 28),
    ("GB", "England", "Birmingham", 20),
    ("GB", "England", "Leeds", 16),
    ("GB", "England", "Bristol", 15),
    ("GB", "Scotland", "Glasgow", 17),
    ("GB", "Scotland", "Edinburgh", 13),
    ("GB", "Wales", "Cardiff", 8),
    ("IE", "Leinster", "Dublin", 30),
    ("IE", "Munster", "Cork", 10),
    ("FR", "Île-de-France", "Paris", 50),
    ("FR", "Auvergne-Rhône-Alpes", "Lyon", 16),
    ("FR", "Hauts-de-France", "Lille", 9),
    ("DE", "Berlin", "Berlin", 40),
    ("DE", "Hamburg", "Hamburg", 26),
    ("DE", "Bayern", "München", 18),
    ("DE", "Nordrhein-Westfalen", "Köln", 17),
    ("NL", "Noord-Holland", "Amsterdam", 25),
    ("NL", "Zuid-Holland", "Rotterdam", 14),
    ("ES", "Comunidad de Madrid", "Madrid", 32),
    ("ES", "Cataluña", "Barcelona", 20),
    ("IT", "Lombardia", "Milano", 24),
    ("IT", "Lazio", "Roma", 15),
    ("SE", "Stockholms län", "Stockholm", 18),
    ("SE", "Skåne län", "Malmö", 7),
    ("DK", "Hovedstaden", "København", 16),
    ("NO", "Oslo", "Oslo", 7),
    ("BE", "Bruxelles", "Bruxelles", 9),
    ("AT", "Wien", "Wien", 7),
    ("CH", "Zürich", "Zürich", 7),
    ("PL", "Mazowieckie", "Warszawa", 6),
    ("PT", "Lisboa", "Lisboa", 5),
    ("US", "New York", "New York", 55),
    ("US", "New Jersey", "Newark", 14),
    ("US", "Illinois", "Chicago", 32),
    ("US", "California", "Los Angeles", 48),
    ("US", "California", "San Diego", 12),
    ("US", "Massachusetts", "Boston", 10),
    ("CA", "Ontario", "Toronto", 26),
    ("CA", "Québec", "Montréal", 9),
    ("MX", "Ciudad de México", "Ciudad de México", 6),
    ("BR", "São Paulo", "São Paulo", 4),
    ("JP", "Tōkyō", "Tōkyō", 36),
    ("JP", "Ōsaka", "Ōsaka", 14),
    ("KR", "Seoul", "Seoul", 5),
    ("NP", "Bagmati", "Kathmandu", 12),
    ("IN", "Delhi", "Delhi", 5),
    ("AU", "South Australia", "Adelaide", 20),
    ("AU", "Victoria", "Melbourne", 13),
    ("NZ", "Auckland", "Auckland", 4),
)
AT_HOME = 0.82
"""Share of the orders that come from the venue's own country; the rest from anywhere."""

TYPES = (
    ("standard", "Standard", 1.0, 48),
    ("stalls", "Stalls", 1.35, 20),
    ("balcony", "Balcony", 0.8, 14),
    ("concession", "Concession", 0.65, 12),
    ("vip", "VIP", 2.4, 4),
    ("guest", "Guest list", 0.0, 2),
)
"""(ticket type, name, price beside the ordinary one, weight); the last one is given, not sold."""

CHANNELS = (("web", 61), ("app", 22), ("partner", 9), ("box office", 8))
CAMPAIGNS = (
    (None, 52),
    ("newsletter", 16),
    ("instagram-launch", 12),
    ("search-brand", 11),
    ("artist-post", 9),
)
HOURS = (4, 2, 1, 1, 1, 2, 6, 15, 30, 48, 60, 58, 62, 55, 46, 44, 46, 52, 60, 70, 78, 66, 40, 18)
"""Orders by hour of the local day, relative to each other."""
PARTY = ((1, 22), (2, 50), (3, 12), (4, 13), (6, 3))
SERIES = (
    ("Northern Strings", "classical", 1.1),
    ("Late Circuit", "electronic", 0.9),
    ("Open Air Nights", "pop", 1.25),
    ("Blue Hour", "jazz", 0.85),
    ("Stand-up Monday", "comedy", 0.7),
    ("Stage Company", "theatre", 1.0),
    ("Family Sundays", "family", 0.6),
    ("Loud and Proud", "rock", 1.15),
)
"""(name, genre, price beside the venue's ordinary one)"""
