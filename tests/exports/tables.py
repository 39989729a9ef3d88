"""Tables as widgets give them, with what an attacker or a careless promoter would name things."""

from __future__ import annotations

from datetime import UTC, date, datetime

from data.answers import Column
from exports.document import Document, Part

AS_OF = datetime(2026, 11, 20, 18, 22, 5, tzinfo=UTC)
EXPONENTS = {"GBP": 2, "JPY": 0, "KWD": 3}

DAY = Column("day", "Day", "time")
AT = Column("at", "Sold at", "time")
EVENT = Column("event", "Event", "text")
CURRENCY = Column("currency", "Currency", "text")
REVENUE = Column("net_revenue", "Net revenue", "metric", "money")
BEFORE = Column("net_revenue.compared", "Net revenue before", "compared", "money")
TICKETS = Column("tickets", "Tickets", "metric", "tickets")
FILL = Column("fill", "Fill", "metric", "percent")

MONEY = Part(
    "Revenue by day",
    (DAY, EVENT, CURRENCY, REVENUE, TICKETS, FILL),
    [
        (date(2026, 11, 18), "Gala", "GBP", 123456, 12, 61.5),
        (date(2026, 11, 18), "東京", "JPY", 123456, 3, None),
        (date(2026, 11, 19), "Refunds", "KWD", -123456, -2, 100),
        (date(2026, 11, 19), "Nothing yet", None, None, 0, 0.0),
    ],
    count=4,
    total=4,
    zone="Europe/London",
)

HOSTILE = [
    '=HYPERLINK("http://evil","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    " \n =cmd|' /C calc'!A0",
    '"=1+1',
    "'=1+1",
    "\ufeff=1+1",
    "＝1+1",
    'plain, with comma; and "quotes"',
    "two\nlines",
    '#let x = read("/etc/passwd") $x^2$ *bold* _it_ \\ @ref <label> // no',
    "<script>alert(1)</script>&amp;",
    "\u202eevil.exe",
    "עברית العربية",
    "🎟️ party 👩‍👩‍👧",
    "x" * 10_000,
]


def hostile_part() -> Part:
    """One row for each hostile name."""
    return Part("Names", (EVENT, TICKETS), [(name, -1) for name in HOSTILE], len(HOSTILE), len(HOSTILE))


def document(*parts: Part, title: str = "Finance") -> Document:
    """A board of these parts, seen in London."""
    return Document(
        title,
        AS_OF,
        "Europe/London",
        "GBP",
        "Riverside",
        (("Venue", "Riverside Hall"), ("Range", "last 30 days")),
        parts,
        EXPONENTS,
    )
