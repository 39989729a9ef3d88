"""Text stands out from its ground as WCAG 2.2 AA asks (4.5:1), in every theme."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "assets" / "tokens.css").read_text()
GROUNDS = {
    "text": ("bg", "surface", "hover", "track", "accent-soft", "warn-soft", "neg-soft"),
    "muted": ("bg", "surface", "hover", "track", "accent-soft", "warn-soft", "neg-soft"),
    "accent": ("surface", "accent-soft"),
    "on-accent": ("accent",),
    "pos": ("surface", "pos-soft"),
    "neg": ("surface", "neg-soft"),
    "warn": ("bg", "surface", "warn-soft"),
    "usual": ("surface",),
}


def cascade(css: str) -> dict[str, dict[str, str]]:
    """Theme → colour tokens as a browser has them after this text: what is set on :root holds for both."""
    found: dict[str, dict[str, str]] = {"light": {}, "dark": {}}
    for selectors, body in re.findall(r"([^{}]*){([^{}]*)}", css):
        for theme, colours in found.items():
            if ":root" in selectors or f'"{theme}"' in selectors:
                colours |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", body))
    return found


def themes() -> dict[str, dict[str, str]]:
    usual = cascade(TOKENS.partition("@media (prefers-contrast: more)")[0])
    high = cascade(TOKENS.replace("@media (prefers-contrast: more) {", ""))
    return usual | {f"{theme}, high contrast": colours for theme, colours in high.items()}


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", themes())
def test_text_stands_out_from_its_ground(theme: str) -> None:
    colours = themes()[theme]
    faint = []
    for text, grounds in GROUNDS.items():
        for ground in grounds:
            pair = sorted((luminance(colours[text]), luminance(colours[ground])))
            ratio = (pair[1] + 0.05) / (pair[0] + 0.05)
            if ratio < 4.5:
                faint.append(f"{text} on {ground}: {ratio:.2f}")
    assert faint == []
