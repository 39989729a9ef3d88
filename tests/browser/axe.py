"""axe-core on a page: what shuts people out, in every look the product has."""

import os
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOURS = {"type": "rule", "values": ["color-contrast"]}
DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOK = """async ([rules, contrast]) => {
  const found = [];
  const before = document.documentElement.dataset.bsTheme;
  for (const theme of ['light', 'dark']) {
    document.documentElement.dataset.bsTheme = theme;
    const { violations } = await axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
    for (const { id, impact, nodes } of violations) {
      if (impact === 'serious' || impact === 'critical') {
        found.push(...nodes.map((node) => `${theme}${contrast} ${impact} ${id}: ${node.html.slice(0, 160)} (${
          [...node.any, ...node.all, ...node.none][0]?.message})`));
      }
    }
  }
  document.documentElement.dataset.bsTheme = before;
  return found;
}"""


@cache
def source() -> str:
    """axe-core, which npm brings; only a developer's machine may be without it."""
    if not AXE.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("axe-core is missing: npm ci --prefix tests/browser")
        pytest.skip("axe-core is not installed: npm ci --prefix tests/browser")
    return AXE.read_text()


def faults(page: Page) -> list[str]:
    """What is serious or critical on the page as it is: light and dark, and the colours of both again for
    people who ask for more contrast."""
    # A colour on its way from one theme to the other is neither.
    page.emulate_media(reduced_motion="reduce", contrast="no-preference")
    if not page.evaluate("'axe' in window"):
        page.evaluate(source())
    found: list[str] = page.evaluate(LOOK, [RULES, ""])
    page.emulate_media(reduced_motion="reduce", contrast="more")
    found += page.evaluate(LOOK, [COLOURS, " more contrast"])
    page.emulate_media(reduced_motion="reduce", contrast="no-preference")
    return found
