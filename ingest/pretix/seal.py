"""pretix tokens at rest: locked by a key of the tenant's own."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config import Settings
from data import tenant_keys
from data.engine import TenantConnection
from data.keys import Unsealable
from data.pretix import sources
from data.pretix.sources import Source

_PURPOSE = "pretix token"
_OLD = b"gAAAA"
"""How a token begins that an older version sealed under a key from SECRET_KEY."""


def seal(tenant: TenantConnection, token: str) -> bytes:
    """The token, encrypted and authenticated."""
    return tenant_keys.seal(tenant, _PURPOSE, token.encode())


def unseal(tenant: TenantConnection, source: Source, settings: Settings) -> str:
    """The token of a source; one that an older version sealed is sealed anew. Raises Unsealable."""
    if not source.sealed_token.startswith(_OLD):
        return tenant_keys.unseal(tenant, _PURPOSE, source.sealed_token).decode()
    try:
        token = _fernet(settings).decrypt(source.sealed_token).decode()
    except InvalidToken:
        raise Unsealable("the pretix token was sealed under another SECRET_KEY") from None
    sources.reseal(tenant, source, seal(tenant, token))
    return token


def _fernet(settings: Settings) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"housecount pretix token").derive(
        settings.signing_key().encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))
