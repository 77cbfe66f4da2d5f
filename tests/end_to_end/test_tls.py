"""TLS on a port of its own."""

import ssl
import subprocess
from pathlib import Path

from tests.end_to_end.gateways import connected, gateway
from tests.end_to_end.served import FIRST_MSISDN, load_payers, serving
from tests.protocol import base_builder as base
from tests.protocol.ccr_builder import build_ccr, mscc


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that vouches for itself, and its key."""
    made, key = folder / f"{name}.crt", folder / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    files = ["-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(made)]
    subprocess.run([*command, *files], check=True, capture_output=True, timeout=60)
    return made, key


async def test_gateway_with_certificate_is_served(tmp_path: Path) -> None:
    """Over TLS a session opens; without a certificate that is known, or without TLS, nothing does."""
    made, key = certificate(tmp_path, "ocs.example.net")
    client_made, client_key = certificate(tmp_path, "pgw1.example.net")
    settings = (
        f'[tls]\nlisten = ["127.0.0.1:0"]\ncertificate_file = "{made}"\nkey_file = "{key}"\n'
        f'client_ca_file = "{client_made}"\n'
    )
    context = ssl.create_default_context(cafile=str(made))
    context.check_hostname = False
    nameless = ssl.create_default_context(cafile=str(made))
    nameless.check_hostname = False
    context.load_cert_chain(client_made, client_key)
    request = build_ccr(msisdn=str(FIRST_MSISDN), mscc=[mscc(rating_group=1, requested=1000)])
    with serving(tmp_path / "data", settings) as served:
        load_payers(served, 1, "1.00")
        plain_port, tls_port = served.ports
        async with gateway(tls_port, context=context) as client:
            assert base.result_code(await client.ask(request)) == 2001
        async with connected(tls_port, nameless) as client:
            assert await client.ask(base.cer()) == b""
        async with connected(tls_port) as client:
            assert base.result_code(await client.ask(base.cer())) == 0
        async with gateway(plain_port, host=b"pgw2.example.net") as client:
            assert base.result_code(await client.ask(base.dwr())) == 2001
