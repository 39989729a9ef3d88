"""HTML attributes with a hyphen, which Python's keywords cannot spell."""

from typing import Any


def marks(**attributes: str) -> dict[str, Any]:
    """`data-…` and `aria-…` attributes for a component: `**marks(aria_hidden="true")`."""
    return {name.replace("_", "-"): value for name, value in attributes.items()}
