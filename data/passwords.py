"""Passwords: which may be had, how they are kept (Argon2id), and how many are checked at a time.

How easily a password is guessed is estimated by zxcvbn (D. Wheeler, USENIX Security 2016) from what comes in
its wheel, so nothing is asked of a network: the 30,000 most frequent passwords of published breaches, common
words and names, also joined, turned round or l33t, keyboard walks, sequences, repeats and dates.
"""

import re
import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
"""The sign-in page reads no more."""
FEWEST_GUESSES = 10**8
"""A password that is found with fewer is refused: zxcvbn's score 3, "safely unguessable"."""
FEWEST_OF_THE_REST = 10**6
"""What is left without its digits and marks at the ends has to take as many: zxcvbn takes a word, a year and
some marks for three parts that nobody would think of together, while many think of just that."""
MOST_DIGITS, MOST_MARKS = 8, 3
"""A date has no more digits. More of them, or more kinds of marks, are worth something by themselves."""
EASILY_GUESSED = (
    "This password is easily guessed: it is among those found in breaches, or made of common words, names, "
    "dates or keys beside each other. Several words that do not belong together are better."
)
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_CALENDAR = (
    "spring summer autumn fall winter monday tuesday wednesday thursday friday saturday sunday january "
    "february march april may june july august september october november december frühling sommer herbst "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz mai juni juli "
    "oktober dezember printemps été automne hiver lundi mardi mercredi jeudi vendredi samedi dimanche "
    "janvier février mars avril juin juillet août septembre octobre novembre décembre primavera verano "
    "otoño invierno lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo "
    "junio julio agosto septiembre octubre noviembre diciembre"
)
"""Words that many change their passwords by."""
_TELLING = 3
"""A local part shorter than this tells nothing of a password that it happens to stand in."""
_LOOKED_AT = 72
"""What is longer is judged by its beginning: the time of an estimate grows with the cube of the length."""

# OWASP's second choice for Argon2id: 19 MiB and two passes. Small enough that a burst of sign-ins,
# four at a time, stays under 80 MiB.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(4)
# A flood of sign-ins must leave the server's threads to everybody else: few wait, and not for long.
_IN_LINE = threading.BoundedSemaphore(16)
_LONGEST_WAIT_SECONDS = 1.0


class SignInsBusy(Exception):
    """More people sign in at the same moment than passwords can be checked: try again shortly."""


def password_hash(password: str) -> str:
    """The Argon2id hash to keep in place of the password, with its parameters and salt."""
    with _AT_ONCE:
        return _HASHER.hash(password)


@cache
def hash_of_nobody() -> str:
    """What is verified when nobody has the e-mail, so that the time taken does not tell who has an account.

    Made once in a process: it takes as long as a sign-in.
    """
    return password_hash(secrets.token_urlsafe())


def matches(stored: str, password: str) -> bool:
    """Whether `stored` is the hash of this password. Raises SignInsBusy."""
    if not _IN_LINE.acquire(blocking=False):
        raise SignInsBusy
    try:
        if not _AT_ONCE.acquire(timeout=_LONGEST_WAIT_SECONDS):
            raise SignInsBusy
        try:
            return _HASHER.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
        finally:
            _AT_ONCE.release()
    finally:
        _IN_LINE.release()


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than hashes are made with today."""
    return _HASHER.check_needs_rehash(stored)


def password_problem(password: str, email: str, name: str = "") -> str | None:
    """Why the person of this e-mail and name may not have this password, as a sentence; None when it is good
    enough."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return (
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; this one {len(password)}."
        )
    local = email.partition("@")[0].lower()
    if len(local) >= _TELLING and local in password.lower():
        return "A password must not contain the name in the e-mail address."
    if "housecount" in password.lower():
        return "A password must not contain the name of this product."
    known = [email, *email.replace("@", ".").split("."), *name.split()]
    rest = _without_ends(password)
    if rest == "" or (rest is not None and _guesses(rest, [*known, *_CALENDAR.split()]) < FEWEST_OF_THE_REST):
        return EASILY_GUESSED
    if _guesses(password, known) < FEWEST_GUESSES:
        return EASILY_GUESSED
    return None


def _without_ends(password: str) -> str | None:
    """The password without what many add to a word, a year and a few marks; None when more is added."""
    rest = _ENDS.sub("", password)
    added = [letter for end in _ENDS.findall(password) for letter in end]
    marks = {letter for letter in added if not letter.isdigit()}
    digits = sum(letter.isdigit() for letter in added)
    return rest if added and digits <= MOST_DIGITS and len(marks) <= MOST_MARKS else None


def _guesses(password: str, known: list[str]) -> float:
    """How many guesses of somebody who knows these words find the password."""
    from zxcvbn import zxcvbn  # 14 MB of lists, which only those processes hold that are given a password.

    return float(zxcvbn(password[:_LOOKED_AT], user_inputs=known)["guesses"])
