"""ISO 3166 codes of countries in words."""

from __future__ import annotations

from typing import Any

from widgets.answered import label
from widgets.world import COUNTRIES


def country_name(value: Any) -> str:
    """The name of a country; what is no code stays as it is."""
    return COUNTRIES.get(str(value).upper(), ("", ()))[0] or label(value)
