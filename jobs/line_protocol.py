"""InfluxDB's line protocol: one point of a measurement with its tags, whole numbers and second.

After docs.influxdata.com, "Line protocol". What it cannot say in a tag (line breaks, and backslashes, which
not every server reads alike) becomes an underscore; a tag without a value is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_UNSAYABLE = re.compile(r"[\\\x00-\x1f\x7f\u2028\u2029]")
_ESCAPED = re.compile(r"([,= ])")


def line(measurement: str, tags: Mapping[str, str], fields: Mapping[str, int], second: int) -> str:
    """One line, without its end. `fields` are whole numbers that fit into 64 bits."""
    named = "".join(f",{_escaped(name)}={_escaped(value)}" for name, value in sorted(tags.items()) if value)
    counted = ",".join(f"{_escaped(name)}={value}i" for name, value in fields.items())
    return f"{_escaped(measurement)}{named} {counted} {second}"


def _escaped(text: str) -> str:
    return _ESCAPED.sub(r"\\\1", _UNSAYABLE.sub("_", text))
