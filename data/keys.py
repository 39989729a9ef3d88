"""Keys that lock other keys and secrets: AES-256-GCM, and every locked value names the key it needs.

The master key comes from the environment and locks each tenant's data keys (`data.tenant_keys`); those lock
what is kept. What a value is about (whose it is, what for) is authenticated with it: moved to another
tenant's row, or used for something else, it does not open.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 8
_NONCE_BYTES = 12
_HEAD = len(_VERSION) + _ID_BYTES
_MOST_REMEMBERED = 10_000


class Unsealable(Exception):
    """A value that none of the keys at hand opens; the text says which key it needs."""


def new_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def key_id(key: bytes) -> bytes:
    """Eight bytes by which a key is known, from which it cannot be guessed."""
    return hashlib.sha256(b"housecount key id" + key).digest()[:_ID_BYTES]


def lock(key: bytes, plain: bytes, about: bytes) -> bytes:
    """`plain`, encrypted and authenticated together with `about`: version, key id, nonce, ciphertext, tag."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + key_id(key) + nonce + AESGCM(key).encrypt(nonce, plain, about)


def unlock(key: bytes, locked: bytes, about: bytes) -> bytes:
    """What was locked. Raises Unsealable for another key, another subject and altered bytes."""
    if locked_by(locked) != key_id(key):
        raise Unsealable(f"needs the key {locked_by(locked).hex() or 'of another version'}")
    nonce, sealed = locked[_HEAD : _HEAD + _NONCE_BYTES], locked[_HEAD + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, about)
    except (InvalidTag, ValueError):
        raise Unsealable("was altered, or belongs to something else") from None


def locked_by(locked: bytes) -> bytes:
    """The id of the key that opens a value; empty for what is no value of ours."""
    return locked[len(_VERSION) : _HEAD] if locked[:1] == _VERSION else b""


class MasterKeys:
    """The master key, and former ones that still open what they locked.

    What was opened is remembered in this process, so that nobody pays for it twice.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """From the settings' texts (`Settings.master_keys`), the present one first."""
        derived = [_derive(text) for text in texts]
        self._present = derived[0]
        self._keys = {key_id(key): key for key in derived}
        self._opened: dict[tuple[bytes, bytes], bytes] = {}

    def wrap(self, key: bytes, about: bytes) -> bytes:
        """A data key, locked by the present master key."""
        return lock(self._present, key, about)

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """The data key. Raises Unsealable when it was locked by a master key that is not at hand."""
        opened = self._opened.get((wrapped, about))
        if opened is None:
            name = locked_by(wrapped)
            if name not in self._keys:
                raise Unsealable(
                    f"a key is locked by the master key {name.hex() or '?'}, and MASTER_KEY is another one:"
                    " give the former one as MASTER_KEY_PREVIOUS"
                )
            opened = unlock(self._keys[name], wrapped, about)
            if len(self._opened) >= _MOST_REMEMBERED:
                self._opened.clear()
            self._opened[wrapped, about] = opened
        return opened

    def is_present(self, wrapped: bytes) -> bool:
        """Whether the present master key locked it."""
        return locked_by(wrapped) == key_id(self._present)


def _derive(text: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"housecount master key").derive(text.encode())
