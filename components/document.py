"""The HTML document around the app."""

from collections.abc import Callable

FIRST_PAINT = "<!-- first paint -->"


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
<link rel="preload" href="{plotly}" as="script">
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
    """The page with server-drawn figures over the place where the app will appear."""
    return page.replace(FIRST_PAINT, f'<div id="first-paint">{first_paint}</div>' if first_paint else "", 1)
