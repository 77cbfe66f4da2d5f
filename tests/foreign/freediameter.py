"""freeDiameter as a credit-control client against any server: host, port and realm are parameters."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("freediameter_client.c")
HEADER = Path("/usr/include/freeDiameter/freeDiameter-host.h")
EXTENSIONS = Path("/usr/lib/freeDiameter")

_CONFIGURATION = """\
Identity = "{origin_host}";
Realm = "{origin_realm}";
Port = 0; SecPort = 0;
No_SCTP; No_IPv6; NoRelay;
TLS_Cred = "{folder}/client.crt", "{folder}/client.key"; TLS_CA = "{folder}/client.crt";
TcTimer = 2; TwTimer = 6;
LoadExtension = "{extensions}/dict_nasreq.fdx";
LoadExtension = "{extensions}/dict_dcca.fdx";
LoadExtension = "{extensions}/dict_dcca_3gpp.fdx";
ConnectPeer = "{server_host}" {{ ConnectTo = "{address}"; Port = {port}; No_TLS; No_SCTP; }};
"""


def missing() -> str:
    """Say what this machine lacks to run freeDiameter as a client; an empty text when nothing."""
    if shutil.which("gcc") is None:
        return "gcc is not installed"
    if not HEADER.exists():
        return "libfreediameter-dev is not installed"
    if not (EXTENSIONS / "dict_dcca_3gpp.fdx").exists():
        return "freediameter-extensions is not installed"
    if shutil.which("openssl") is None:
        return "openssl is not installed"
    return ""


@dataclass
class FreeDiameterClient:
    """A built client and the gateway it plays. ``folder`` holds what is built and configured."""

    folder: Path
    origin_host: str = "fdclient.example.net"
    origin_realm: str = "example.net"

    @property
    def program(self) -> Path:
        """Where the compiled client is."""
        return self.folder / "freediameter_client"

    def build(self) -> None:
        """Compile the client and make the certificate that freeDiameter wants even without TLS."""
        libraries = ["-lfdcore", "-lfdproto", "-lpthread"]
        warnings = ["-Wall", "-Wextra", "-Werror"]
        subprocess.run(
            ["gcc", *warnings, "-O1", "-o", str(self.program), str(SOURCE), *libraries], check=True, timeout=60
        )
        key, certificate = self.folder / "client.key", self.folder / "client.crt"
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        subject = ["-subj", f"/CN={self.origin_host}", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run([*request, *subject], check=True, capture_output=True, timeout=60)

    def command(
        self,
        port: int,
        *,
        address: str = "127.0.0.1",
        server_host: str = "ocs.example.net",
        server_realm: str = "example.net",
        msisdn: str = "491700000001",
        imsi: str = "001010000000001",
        rating_group: int = 10,
        updates: int = 1,
        send_destination_host: bool = True,
    ) -> list[str]:
        """Write the configuration and give the command that runs one session of CCR-I, CCR-Us and CCR-T.

        ``server_host`` must be the Origin-Host of the server's CEA and ``server_realm`` its Origin-Realm, or
        freeDiameter refuses the connection or finds no route.
        """
        configuration = self.folder / f"client-{port}.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                origin_host=self.origin_host,
                origin_realm=self.origin_realm,
                folder=self.folder,
                extensions=EXTENSIONS,
                server_host=server_host,
                address=address,
                port=port,
            )
        )
        who = [server_host, server_realm, msisdn, imsi]
        how = [str(rating_group), str(updates), str(int(send_destination_host))]
        return [str(self.program), str(configuration), *who, *how]


def answers(output: str) -> list[dict[str, int]]:
    """Read the client's lines: one dictionary for each CCA (``type``, ``number``, ``result`` ...)."""
    lines = [line.split()[1:] for line in output.splitlines() if line.startswith("CCA ")]
    return [{name: int(value) for name, _, value in (pair.partition("=") for pair in line)} for line in lines]
