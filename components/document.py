"""The HTML document around the app."""

import re
from collections.abc import Callable

FIRST_PAINT = "<!-- first paint -->"
CHARTS = '<script defer src="{}" data-charts></script>\n'


def document(url: Callable[[str], str], boot_script: str, app: str) -> str:
    """Dash's index string; `url` gives the address of a served file, `app` is that of Dash's own scripts.

    Order matters: the theme is set before anything is painted; when all of the page is there our own scripts
    run, then that of the charts. `assets/frames.js` draws them and has the app begin when they are painted.
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
<script defer src="{url("app.js")}"></script>
{CHARTS.format(plotly)}<link rel="preload" href="{app}" as="script" fetchpriority="low">
{{%css%}}
</head>
<body>
{FIRST_PAINT}
{{%app_entry%}}
<footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
</body>
</html>"""


def inline(scripts: str) -> str:
    """Of Dash's script tags those that are written into the page: the others are in one file."""
    return _FILE.sub("", scripts)


def app_script(url: str) -> str:
    """What says where that file is; Dash looks for this id."""
    return f'<script type="text/plain" id="_dash-renderer" data-src="{url}"></script>'


def with_first_paint(page: str, first_paint: str) -> str:
    """The page with server-drawn figures over the place where the app will appear; a page without charts
    has not their script."""
    if not first_paint:
        return page.replace(FIRST_PAINT, "", 1)
    if CHART not in first_paint:
        page = _CHARTS.sub("", page, count=1)
    return page.replace(FIRST_PAINT, f'<div id="first-paint">{first_paint}</div>', 1)


CHART = 'class="fill"'
"""What the first paint has where a chart will be."""
_CHARTS = re.compile(re.escape(CHARTS).replace(re.escape("{}"), '[^"]*'))
_FILE = re.compile(r'<script src="[^"]*"></script>\n?')
