"""`dragoman certs`: certificates for a machine under development."""

import sys
from pathlib import Path

from dragoman.app.certs import HOSTS_DEFAULT, write_certificates
from dragoman.app.loop import SystemClock
from dragoman.cli.errors import CommandError


def certs(*hosts: str, folder: Path = Path("dragoman-certs"), client: str = "") -> int:
    """Make an authority of your own and a certificate that it has signed.

    Args:
        hosts: Names and addresses that the certificate is for; without any, localhost and loopback.
        folder: Where to write; an authority that is there already signs again.
        client: Also make a certificate by which a client says that it is this user.
    """
    try:
        wall_ms = SystemClock().wall_ms()
        made = write_certificates(folder, hosts or HOSTS_DEFAULT, wall_ms, client)
    except (OSError, ValueError) as error:
        raise CommandError(f"{folder}: {error}") from error
    sys.stdout.write(
        f"authority    {made.authority}  (clients trust this one)\n"
        f"certificate  {made.certificate}\n"
        f"key          {made.key}\n\n"
        f"dragoman serve --tls-cert {made.certificate} --tls-key {made.key} --tls-ca {made.authority}"
    )
    if made.client is not None:
        sys.stdout.write(f" --tls-client-ca {made.authority}\n\n")
        sys.stdout.write(f"client       {made.client}\nits key      {made.client_key}")
    sys.stdout.write("\n")
    return 0
