"""Ask for known weaknesses of what running needs: `make audit-dependencies`, with SERVICE=osv of OSV.

Of a library that its service does not tell of, pip-audit says "not found", whatever the reason: so it is seen
first whether the service answers from here at all.
"""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request

PROBES = {
    "pypi": ("https://pypi.org/pypi/pip/24.0/json", None),
    "osv": ("https://api.osv.dev/v1/query", b'{"package": {"name": "pip", "ecosystem": "PyPI"}}'),
}
"""Service → an address that pip-audit asks of it, which has an answer for certain, and what is sent there."""


def lacking(url: str, sent: bytes | None, seconds: float = 20) -> str | None:
    """Why the address is of no use from here; None when it answers as it should."""
    try:
        with urllib.request.urlopen(url, sent, timeout=seconds):  # noqa: S310  # Our own addresses.
            return None
    except urllib.error.HTTPError as error:
        return f"answers {error.code}: what stands there serves packages, but not what is known of them"
    except OSError as error:
        return f"cannot be reached: {getattr(error, 'reason', error)}"


def main(service: str, requirements: str, uv: str) -> int:
    """The status of pip-audit: 1 when something is weak; 2 when nobody can be asked."""
    if service not in PROBES:
        print(f"There is no service {service}; there are {', '.join(PROBES)}.", file=sys.stderr)
        return 2
    reason = lacking(*PROBES[service])
    if reason is not None:
        others = ", ".join(f"make audit-dependencies SERVICE={name}" for name in PROBES if name != service)
        print(f"Nothing was audited. {PROBES[service][0]} {reason}.", file=sys.stderr)
        print(f"Ask where it can be reached, or somebody else: {others}", file=sys.stderr)
        return 2
    asked = ["--strict", "--disable-pip", "--vulnerability-service", service, "--requirement", requirements]
    return subprocess.run([uv, "tool", "run", "pip-audit", *asked], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
