"""`dragoman certs`: certificates for a machine under development."""

import sys
from pathlib import Path

from dragoman.app.certs import HOSTS_DEFAULT, write_certificates
from dragoman.app.loop import SystemClock
from dragoman.cli.errors import CommandError


def certs(*hosts: str, folder: Path = Path("dragoman-certs")) -> int:
    """Make an authority of your own and a certificate that it has signed.

    Args:
        hosts: Names and addresses that the certificate is for; without any, localhost and loopback.
        folder: Where to write; an authority that is there already signs again.
    """
    try:
        made = write_certificates(folder, hosts or HOSTS_DEFAULT, SystemClock().wall_ms())
    except (OSError, ValueError) as error:
        raise CommandError(f"{folder}: {error}") from error
    sys.stdout.write(
        f"authority    {made.authority}  (clients trust this one)\n"
        f"certificate  {made.certificate}\n"
        f"key          {made.key}\n\n"
        f"dragoman serve --tls-cert {made.certificate} --tls-key {made.key} --tls-ca {made.authority}\n"
    )
    return 0
