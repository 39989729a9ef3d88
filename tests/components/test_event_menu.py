"""Which events are a click away, and how those of two venues are told apart."""

from typing import Any

from components.event_menu import coming_up, short_names, split, switcher
from components.markup import markup
from tests.components.states import busy_night


def event(name: str, *, registered: bool = True, phase: str = "next", **more: Any) -> dict[str, Any]:
    return {
        "eventId": name,
        "name": name,
        "registered": registered,
        "phase": phase,
        "doorsAt": "2026-11-27T19:00:00Z" if registered else None,
        "startsAt": None,
        "venueName": "Riverside Hall",
        "zone": "Europe/London",
    } | more


STRANGERS = [event(f"gig-{number}", registered=False, phase="live") for number in range(5)]
COMING = [event(f"night {number}") for number in range(8)]


def names(events: list[dict[str, Any]]) -> list[str]:
    return [each["name"] for each in events]


def test_events_nobody_registered_do_not_push_out_those_to_come() -> None:
    near, rest = split([*STRANGERS, *COMING], "night 0", 6)
    assert names(near) == [f"night {number}" for number in range(6)]
    assert names(rest) == [*names(STRANGERS), "night 6", "night 7"]


def test_at_most_two_of_them_fill_the_room_that_is_left() -> None:
    near, rest = split([*STRANGERS, *COMING[:2]], "night 0", 6)
    assert names(near) == ["gig-0", "gig-1", "night 0", "night 1"]
    assert names(rest) == ["gig-2", "gig-3", "gig-4"]


def test_the_event_that_is_shown_is_always_near() -> None:
    assert "gig-4" in names(split([*STRANGERS, *COMING], "gig-4", 6)[0])
    assert "night 7" in names(split([*STRANGERS, *COMING], "night 7", 6)[0])


def test_the_rest_is_behind_all_events_and_strangers_are_marked() -> None:
    state = busy_night()
    for part in (coming_up(state, [*STRANGERS, *COMING[:2]]), switcher(state, [*STRANGERS, *COMING[:2]])):
        near, _, rest = markup(part).partition(">All events<")
        assert near.count(">Unregistered<") == 2
        assert rest.count(">Unregistered<") == 3
    assert "All events" not in markup(switcher(state, COMING))


def test_events_of_two_venues_say_where_and_in_which_zone() -> None:
    state = busy_night()
    there: dict[str, Any] = {"venueName": "The Cellar", "zone": "Europe/Berlin"}
    said = markup(coming_up(state, [event("a", phase="live"), event("b", **there)]))
    for words in (">Now · Riverside<", ">Cellar<", ">Fri 27 Nov, 19:00 GMT<", ">Fri 27 Nov, 20:00 CET<"):
        assert words in said
    said = markup(switcher(state, [event("a"), event("b", **there)]))
    assert ">Cellar<" in said
    assert ">Fri 27 Nov, 20:00 CET<" in said
    alone = markup(coming_up(state, [event("a")]))
    assert ">Fri 27 Nov, 19:00<" in alone
    assert "Riverside" not in alone


def test_a_venues_short_name_is_its_first_word_where_that_tells_it_apart() -> None:
    assert short_names(["Riverside Hall", "The Cellar", "St James", "City Hall", "City Club"]) == {
        "Riverside Hall": "Riverside",
        "The Cellar": "Cellar",
        "St James": "St James",
        "City Hall": "City Hall",
        "City Club": "City Club",
    }
