"""How the application logs in to PostgreSQL: as a user of its own, never as the owner of the tables.

A session that logs in as the owner stays the owner's, whatever role it takes on: one statement gives it back.
The application's user owns nothing, inherits nothing and may do one thing: take the role that the policies
are made for. Its name comes from the database's and its password from the owner's: one address says both.
Without a password in that address it has none: only a server that asks for none lets it in.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode

PREFIX = "housecount_login_"
LONGEST_NAME = 63
"""Bytes of a name that PostgreSQL keeps."""
_ROUNDS = 50_000


def application_url(url: str) -> str:
    """The owner's address of a database with the application's user and password in place of the owner's; the
    application's own address stays as it is. Raises ValueError when the address names no database."""
    scheme, _, rest = url.partition("://")
    place, _, options = rest.partition("?")
    place, _, database = place.partition("/")
    login, at, hosts = place.rpartition("@")
    name, _, password = login.partition(":") if at else ("", "", "")
    given = dict(parse_qsl(options, keep_blank_values=True))
    user = given.pop("user", unquote(name))
    secret = given.pop("password", unquote(password))
    database = given.pop("dbname", unquote(database)) or user
    if not database:
        raise ValueError("The address of the database must say which database it is.")
    own = login_name(database)
    if user == own:
        return url
    derived = _password(secret, own)
    login = quote(own, safe="") + (f":{derived}" if derived else "")
    tail = f"?{urlencode(given, quote_via=quote)}" if given else ""
    return f"{scheme}://{login}@{hosts}/{quote(database, safe='')}{tail}"


def login_name(database: str) -> str:
    """The application's user of a database. Users belong to the whole server, so each database has one."""
    name = f"{PREFIX}{database}"
    if len(name.encode()) <= LONGEST_NAME:
        return name
    return PREFIX + hashlib.sha256(database.encode()).hexdigest()[:32]


@lru_cache(maxsize=16)
def _password(secret: str, login: str) -> str:
    """What nobody finds who knows neither the owner's password nor this one, and which leads to no other."""
    if not secret:
        return ""
    return hashlib.pbkdf2_hmac("sha256", secret.encode(), login.encode(), _ROUNDS).hex()
