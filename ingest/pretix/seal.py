"""pretix tokens at rest: encrypted with a key that follows from the installation's secret key."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config import Settings


class Unsealable(Exception):
    """The token was sealed under another secret key: it has to be given again."""


def seal(settings: Settings, token: str) -> bytes:
    """The token, encrypted and authenticated."""
    return _fernet(settings).encrypt(token.encode())


def unseal(settings: Settings, sealed: bytes) -> str:
    """The token. Raises Unsealable."""
    try:
        return _fernet(settings).decrypt(sealed).decode()
    except InvalidToken:
        raise Unsealable("the pretix token was sealed under another SECRET_KEY") from None


def _fernet(settings: Settings) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"housecount pretix token").derive(
        settings.signing_key().encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))
