"""The countries of the world as flat outlines, kept here: no map is fetched from anywhere.

Outlines are Natural Earth's (public domain) at 1:110 million as the npm package world-atlas 2.0.2 (ISC)
carries them, projected to Equal Earth, thinned out and rounded to thousandths; names and codes are those of
i18n-iso-countries 7.14.0 (MIT). Equal Earth (Šavrič, Patterson, Jenny 2018) keeps areas true, so that
shades compare fairly.
"""

from __future__ import annotations

import json
from pathlib import Path

Ring = tuple[list[int], list[int]]
"""The x and the y of an outline, the last point the first again."""


def _read() -> dict[str, tuple[str, tuple[Ring, ...]]]:
    raw = json.loads((Path(__file__).parent / "world.json").read_text())
    return {code: (name, tuple((ring[0], ring[1]) for ring in rings)) for code, (name, rings) in raw.items()}


COUNTRIES = _read()
"""ISO 3166 code → name and outlines, largest first; small states have none, and parts of the world that no
code
names (they start with ~) are only drawn."""
