"""The address of a board: every look survives it, and no address can break a page."""

from datetime import UTC, date, datetime
from urllib.parse import parse_qs
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from data.board_document import BoardDocument
from data.metric_dimensions import DIMENSIONS
from data.metric_query import All, Between, Comparison, DaysToDoors, In, Last, Named, Range
from widgets.scope_url import Look, Misread, as_filters, read, read_range, write

VENUE = UUID("11111111-1111-4111-8111-111111111111")
EVENT = UUID("22222222-2222-4222-8222-222222222222")

COMPARISONS: list[Comparison | None] = [None, "previous_period", "last_week", "last_year"]

days = st.dates(date(1970, 1, 1), date(2199, 12, 31))
moments = st.datetimes(
    datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2199-12-30"), timezones=st.just(UTC)
)


@st.composite
def spans(draw: st.DrawFn) -> Range:
    kind = draw(st.integers(0, 3))
    if kind == 0:
        unit = draw(st.sampled_from(["minute", "hour", "day", "week", "month", "year"]))
        return Last.model_validate({"last": draw(st.integers(1, 4000)), "unit": unit})
    if kind == 1:
        names = [
            "today",
            "yesterday",
            "this_week",
            "last_week",
            "this_month",
            "last_month",
            "this_year",
            "all",
        ]
        return Named.model_validate({"named": draw(st.sampled_from(names))})
    if kind == 2:
        last = draw(st.integers(-60, 2000))
        return DaysToDoors(first=draw(st.integers(max(last, 0), 2000)), last=last)
    ends = draw(st.lists(draw(st.sampled_from([days, moments])), min_size=2, max_size=2, unique=True))
    return Between(start=min(ends), end=max(ends))


values = st.text(max_size=200).filter(lambda text: text.isprintable())
picks = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
    st.lists(values, min_size=1, max_size=5, unique=True).map(tuple),
    max_size=6,
).map(lambda found: tuple(found.items()))


@st.composite
def looks(draw: st.DrawFn) -> Look:
    other = draw(st.none() | st.uuids())
    return Look(
        venue=draw(st.none() | st.uuids()),
        event=draw(st.none() | st.uuids()),
        range=draw(st.none() | spans()),
        compare=None if other else draw(st.sampled_from(COMPARISONS)),
        compare_event=other,
        picked=draw(picks),
    )


def parameters(query: str) -> dict[str, list[str]]:
    return parse_qs(query, keep_blank_values=True)


@given(looks())
def test_every_look_survives_its_address(look: Look) -> None:
    assert read(parameters(write(look))) == (look, ())


@given(looks(), looks())
def test_every_look_survives_the_address_of_a_board_with_a_look_of_its_own(look: Look, usual: Look) -> None:
    base = as_filters(usual)
    assert read({}, base=base) == (usual, ())
    assert write(usual, base=base) == ""
    assert read(parameters(write(look, base=base)), base=base) == (look, ())


@given(looks())
def test_every_look_survives_being_kept_with_a_board(look: Look) -> None:
    assert read(BoardDocument.model_validate({"filters": as_filters(look)}).filters) == (look, ())


names = st.sampled_from(["venue", "event", "range", "compare", "f", "f.channel", "f.", "f.Ä", "utm"])


@given(st.dictionaries(names, st.text() | st.lists(st.text(), min_size=1, max_size=60)))
def test_no_address_breaks_the_reading(query: dict[str, str | list[str]]) -> None:
    look, _ = read(query)
    assert read(parameters(write(look))) == (look, ())


def test_an_address_reads_as_it_is_written_in_the_documents() -> None:
    query = (
        f"venue={VENUE}&event={EVENT}&range=30d&compare=last_week"
        "&f.channel=web&f.channel=app&f.country=GB&f.campaign="
    )
    look, misread = read(parameters(query))
    assert misread == ()
    assert look == Look(
        VENUE,
        EVENT,
        Last(last=30),
        "last_week",
        None,
        (("channel", ("web", "app")), ("country", ("GB",)), ("campaign", ("",))),
    )
    assert write(look) == query
    assert look.where() == All(
        all=(
            In(dimension="channel", values=("web", "app")),
            In(dimension="country", values=("GB",)),
            In(dimension="campaign", values=("",)),
        )
    )


def test_ranges_read_as_they_are_written_in_the_documents() -> None:
    assert read_range("12mo") == Last(last=12, unit="month")
    assert read_range("today") == Named(named="today")
    assert read_range("doors-60..-2") == DaysToDoors(first=60, last=-2)
    assert read_range("2026-01-01..2026-02-01") == Between(start=date(2026, 1, 1), end=date(2026, 2, 1))
    assert read_range("2026-01-01T18:00Z..2026-01-01T19:00Z") == Between(
        start=datetime(2026, 1, 1, 18, tzinfo=UTC), end=datetime(2026, 1, 1, 19, tzinfo=UTC)
    )


def test_what_is_not_understood_is_left_out_and_named() -> None:
    look, misread = read(
        {
            "venue": "hall",
            "event": [str(EVENT), "another"],
            "range": "2026-02-01..2026-01-01",
            "compare": "event:gala",
            "f.shoe_size": "44",
            "f.channel": "web\x00",
            "utm_source": "mail",
        },
        dimensions={"channel"},
    )
    assert look == Look(event=EVENT)
    assert misread == (
        Misread("venue", "hall", "it is not the id of one venue"),
        Misread("event", "another", "it can be given once"),
        Misread("range", "2026-02-01..2026-01-01", "it is no span of time"),
        Misread("compare", "event:gala", "there is no such comparison"),
        Misread("f.shoe_size", "44", "there is nothing to filter by under that name"),
        Misread("f.channel", "web\x00", "a value has at most 200 plain characters"),
    )


def test_a_value_that_its_dimension_cannot_have_is_left_out_and_named() -> None:
    query = {
        "f.customer": ["abc", str(EVENT)],
        "f.day": "tomorrow",
        "f.weekday": ["6", "Monday", ""],
        "f.channel": "abc",
    }
    base = {"f.event": "gala"}
    look, misread = read(query, base=base)
    assert look.picked == (("customer", (str(EVENT),)), ("weekday", ("6", "")), ("channel", ("abc",)))
    assert misread == (
        Misread("f.customer", "abc", "it is an id, as 0192f0c1-2345-7000-8000-000000000000"),
        Misread("f.day", "tomorrow", "it is a date, as 2026-05-01"),
        Misread("f.weekday", "Monday", "it is a whole number from 1 to 7"),
    )
    impossible = {"f.weekday": ["0", "8", "7"], "f.hour_of_day": ["24", "-1", "0", "23"]}
    assert read(impossible)[0].picked == (("weekday", ("7",)), ("hour_of_day", ("0", "23")))
    assert read({"f.status": ["onsale", "on_sale"], "f.price": ["20-31", "20-30", "free", ""]})[0].picked == (
        ("status", ("on_sale",)),
        ("price", ("20-30", "free", "")),
    )
    # What is locked is never left out: no answer instead of one about more.
    assert read({"f.day": "tomorrow"}, base=base, by_dimension=True)[0].picked == (
        ("event", ("gala",)),
        ("day", ("tomorrow",)),
    )
    assert read({}, base=base)[0].picked == (("event", ("gala",)),)


def test_a_locked_dimension_that_is_there_no_more_goes_on_locking() -> None:
    look, misread = read(
        {"f.shoe_size": "44"}, base={"f.channel": "web"}, dimensions=DIMENSIONS, by_dimension=True
    )
    assert look.picked == (("channel", ("web",)), ("shoe_size", ("44",)))
    assert [part.name for part in misread] == ["f.shoe_size"]
    assert read({}, base={"f.shoe_size": "44"}, dimensions=DIMENSIONS)[0].picked == (("shoe_size", ("44",)),)
    assert read({"f.shoe_size": "44"}, dimensions=DIMENSIONS)[0].picked == ()


def test_ranges_that_no_venue_can_mean_are_refused() -> None:
    refused = ["0d", "4001d", "5x", "doors-0..1", "doors-2001..0", "0001-01-01..2026-01-01", "2026-01-01",
               "2026-01-01..2026-01-01T10:00Z", "2026-01-01T10:00..2026-01-01T11:00", "tomorrow"]  # fmt: skip
    assert [text for text in refused if read_range(text) is not None] == []


def test_the_address_wins_over_the_look_of_the_board_part_by_part() -> None:
    base = {"venue": str(VENUE), "range": "7d", "compare": "last_year", "f.channel": ["web", "app"]}
    usual = Look(VENUE, None, Last(last=7), "last_year", None, (("channel", ("web", "app")),))
    assert read({"range": "today"}, base=base)[0] == Look(
        usual.venue, None, Named(named="today"), "last_year", None, usual.picked
    )
    assert read({"venue": "all", "range": "usual", "compare": "none", "f": "none"}, base=base)[0] == Look()


def test_a_filter_is_added_once_and_goes_with_its_last_value() -> None:
    look = Look().with_value("channel", "web").with_value("channel", "app").with_value("channel", "web")
    assert look.picked == (("channel", ("web", "app")),)
    assert look.without("channel", "web").picked == (("channel", ("app",)),)
    assert look.without("channel", "web").without("channel", "app") == Look()


def test_a_board_takes_ten_filters_of_fifty_values() -> None:
    query: dict[str, list[str]] = {f"f.d{n}": [str(value) for value in range(60)] for n in range(11)}
    look, misread = read(query)
    assert [(name, len(values)) for name, values in look.picked] == [(f"d{n}", 50) for n in range(10)]
    assert [part.name for part in misread] == [f"f.d{n}" for n in range(11)]
