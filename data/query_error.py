"""Why a question cannot be answered: what is wrong, where it stands, and what was probably meant."""

from collections.abc import Iterable

from data.plain_words import nearest as nearest_of


class QueryError(Exception):
    """A question that has no answer. `field` is its place in the JSON, `value` what stands there,
    `nearest` the valid name that is most like it (None when nothing is), `said` the same for people who look
    at a widget and know no names."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        value: str | None = None,
        nearest: str | None = None,
        said: str = "",
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field
        self.value = value
        self.nearest = nearest
        self.said = said or detail


def unknown(kind: str, name: str, field: str, known: Iterable[str]) -> QueryError:
    """The error about a name that is in no list, with the nearest one that is."""
    nearest = nearest_of(name, known)
    meant = f" Did you mean {nearest}?" if nearest else ""
    shown = name[:80]
    return QueryError(
        f"unknown-{kind}",
        f"There is no {kind} {shown!r}.{meant}",
        field=field,
        value=shown,
        nearest=nearest,
    )
