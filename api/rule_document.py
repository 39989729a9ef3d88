"""docs/permissions.md, written from the tables: `python -m api.rule_document` writes it anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from api.rules import CALLBACKS, PAGES, RULES
from data.permissions import PERMISSIONS, Permission
from data.users import Role

PATH = Path(__file__).parents[1] / "docs" / "permissions.md"
_INTRODUCTION = """\
# Who may do what

Written from `data/permissions.py` and `api/rules.py` by `python -m api.rule_document`; do not change it by
hand.

A person has a role in one tenant; a program has the scopes of its API token. `api/gate.py` asks for the
permission of an address before anything else runs, and an address without a rule is closed. Rights to single
boards come on top (`data/board_rights.py`), and PostgreSQL's policies keep tenants apart whatever is asked.

People other than owners may be limited to venues or to events, promoters always are to events
(`data/grants.py`); everything that is read then holds these only, and an id of another place is not there.

"""


def document() -> str:
    """The whole file."""
    return _INTRODUCTION + "\n".join(
        [
            *_permissions(),
            "",
            "## Where each is asked for",
            "",
            *_uses(),
            "",
            "## Without one",
            "",
            *_others(),
            "",
        ]
    )


def _permissions() -> Iterator[str]:
    roles: tuple[Role, ...] = get_args(Role)
    yield f"| permission | {' | '.join(roles)} | token scope |"
    yield f"|---|{'---|' * (len(roles) + 1)}"
    for permission, grant in PERMISSIONS.items():
        marks = ["yes" if role in grant.roles else "" for role in roles]
        what = grant.what if grant.what[1].isupper() else f"{grant.what[0].lower()}{grant.what[1:]}"
        scope = f"`{grant.scope}`" if grant.scope else ""
        yield f"| `{permission}`: {what} | {' | '.join(marks)} | {scope} |"


def _uses() -> Iterator[str]:
    uses: defaultdict[Permission, list[str]] = defaultdict(list)
    uses["send-messages"].append("every address of the REST door (`api/ingest.py`)")
    for name, rule in RULES.items():
        for permission in dict.fromkeys(each for each in (rule.reading, rule.changing) if each):
            ways = "reading" if permission == rule.reading else "changing"
            ways = "all" if rule.reading == rule.changing else ways
            what = "pages" if rule.way == "page" else "addresses"
            uses[permission].append(f"{what} of `{name}`" + ("" if ways == "all" else f", {ways}"))
    uses["all-exports"].append("each export of another caller, beside `export` (`data/exports.py`)")
    uses["see-night"].append("the socket's handshake")
    uses["see-money"].append("wherever amounts are among other figures: without it there are none")
    for page, needed in PAGES.items():
        if needed:
            uses[needed].append(f"page `{page}`")
    for callback, needed in CALLBACKS.items():
        if needed:
            uses[needed].append(f"callback of `{callback}`")
    for permission in PERMISSIONS:
        yield f"- `{permission}`: {'; '.join(uses[permission])}"


def _others() -> Iterator[str]:
    yield "| address | who | why |"
    yield "|---|---|---|"
    ways = {
        "anyone": "anyone",
        "session": "whoever is signed in",
        "known": "whoever is signed in, and any token",
        "own": "whoever has what it asks for",
    }
    for name, rule in RULES.items():
        if rule.way in ways:
            yield f"| `{name}` | {ways[rule.way]} | {rule.why} |"


if __name__ == "__main__":
    PATH.write_text(document())
