"""The HTML document around the app."""

import re
from collections.abc import Callable

FIRST_PAINT = "<!-- first paint -->"
CHARTS = '<link rel="preload" href="{}" as="script">'


def document(url: Callable[[str], str], boot_script: str) -> str:
    """Dash's index string; `url` gives the address of a served file.

    Order matters: the theme is set before anything is painted, the big script of the charts is
    asked for before the scripts that will want it, and ours may run before or after Dash's.
    """
    plotly = url("plotly.js")
    return f"""<!DOCTYPE html>
<html lang="en" data-plotly="{plotly}">
<head>
{{%metas%}}
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#3b5bdb">
<title>{{%title%}}</title>
<link rel="icon" href="{url("icon.svg")}" type="image/svg+xml">
<script>{boot_script}</script>
<link rel="stylesheet" href="{url("app.css")}">
<link rel="preload" href="{url("inter.woff2")}" as="font" type="font/woff2" crossorigin>
{CHARTS.format(plotly)}
<script async src="{url("app.js")}"></script>
{{%css%}}
</head>
<body>
{FIRST_PAINT}
{{%app_entry%}}
<footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
</body>
</html>"""


def needed(scripts: str) -> str:
    """Dash's script tags without its table, which no page of ours uses."""
    return "\n".join(tag for tag in scripts.split("\n") if "/dash_table/" not in tag)


def with_first_paint(page: str, first_paint: str) -> str:
    """The page with server-drawn figures over the place where the app will appear; a page without charts
    does not ask for their script ahead of time."""
    if not first_paint:
        return page.replace(FIRST_PAINT, "", 1)
    if CHART not in first_paint:
        page = _PRELOAD.sub("", page, count=1)
    return page.replace(FIRST_PAINT, f'<div id="first-paint">{first_paint}</div>', 1)


CHART = 'class="fill"'
"""What the first paint has where a chart will be."""
_PRELOAD = re.compile(re.escape(CHARTS).replace(re.escape("{}"), '[^"]*'))
