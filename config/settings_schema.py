"""What the server can be told: every setting with its type, bounds and default, in groups.

``config/ocs.toml`` says in words what each does. Relative paths are relative to the working directory.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from config.issues import TextError

EXAMPLE_OPERATOR: Final = Path(__file__).parent / "examples" / "small_mvno"
EXAMPLE_MAPPINGS: Final = Path(__file__).parent / "examples" / "mappings"
PEERS_TAGS: Final = ("(any)", "(entries)")
"""How pydantic's errors name the two forms of ``diameter.peers``; people do not see them."""
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9])?")


class Endpoint(NamedTuple):
    """A host name or address, and a TCP port (0 = any free one)."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_endpoint(value: object) -> Endpoint:
    """The endpoint of a text such as ``127.0.0.1:3868`` or ``[::1]:3868``; TextError where it is none."""
    if isinstance(value, Endpoint):
        return value
    hint = "write it such as '127.0.0.1:3868' or '[::1]:3868'"
    if not isinstance(value, str):
        raise TextError(f"{value!r} is not HOST:PORT", hint)
    host, colon, port = value.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise TextError(f"{value!r} is not HOST:PORT", hint)
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise TextError(f"{value!r} is not HOST:PORT", hint)
    return Endpoint(host, int(port))


def _identity(value: object) -> object:
    if isinstance(value, str) and _HOST.fullmatch(value) is None:
        raise TextError(f"{value!r} is not a DiameterIdentity", "a fully qualified host or realm name")
    return value


def _network(value: object) -> object:
    try:
        ipaddress.ip_network(str(value), strict=True)
    except ValueError as error:
        raise TextError(str(error), "write it such as '10.0.0.0/8' or '192.0.2.7'") from None
    return value


EndpointText = Annotated[Endpoint, BeforeValidator(parse_endpoint)]
Identity = Annotated[str, BeforeValidator(_identity)]
PositiveInt = Annotated[int, Field(ge=1, le=1 << 31)]
NaturalInt = Annotated[int, Field(ge=0, le=1 << 31)]


class SettingsGroup(BaseModel):
    """What all groups have in common: no unknown keys, no conversions, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PeerEntry(SettingsGroup):
    """One kind of peer that may connect: by Origin-Host, by Origin-Realm or by the address it comes from."""

    origin_host: Identity | None = None
    realm: Identity | None = None
    address: Annotated[str, BeforeValidator(_network)] | None = None

    @model_validator(mode="after")
    def _names_one(self) -> PeerEntry:
        if sum(value is not None for value in (self.origin_host, self.realm, self.address)) != 1:
            raise TextError("a peer is named by exactly one of 'origin_host', 'realm' and 'address'")
        return self


class DiameterSettings(SettingsGroup):
    """Who we are on Diameter, where we listen and who may connect."""

    origin_host: Identity = "ocs.example.net"
    origin_realm: Identity = "example.net"
    served_realms: list[Identity] = Field(default=[], description="empty = origin_realm alone")
    product_name: Annotated[str, Field(min_length=1, max_length=255)] = "ocs"
    listen: list[EndpointText] = [Endpoint("127.0.0.1", 3868)]
    peers: Annotated[
        Annotated[Literal["any"], Tag(PEERS_TAGS[0])] | Annotated[list[PeerEntry], Tag(PEERS_TAGS[1])],
        Discriminator(lambda value: PEERS_TAGS[value != "any"]),
    ] = "any"


class TlsSettings(SettingsGroup):
    """Where we listen with TLS; a client certificate is asked for where ``client_ca_file`` is set."""

    listen: list[EndpointText] = []
    certificate_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""

    @model_validator(mode="after")
    def _has_a_certificate(self) -> TlsSettings:
        if self.listen and not (self.certificate_file and self.key_file):
            raise TextError("'listen' needs 'certificate_file' and 'key_file'")
        return self


class StoreSettings(SettingsGroup):
    """Where state is kept: an URL, or a private Valkey in ``data_dir`` where it is empty."""

    url: str = ""
    data_dir: str = "./data"


class DatabaseSettings(SettingsGroup):
    """Where customers and invoices are kept: an URL, or SQLite in ``data_dir`` where it is empty."""

    url: str = ""


class CatalogueSettings(SettingsGroup):
    """Which price list holds: a folder or file; empty = the example operator that comes along."""

    path: str = ""


class SettlementSettings(SettingsGroup):
    """Where agreements with partners are; an empty ``partners`` is that folder beside the catalogue."""

    partners: str = ""


class DocumentsSettings(SettingsGroup):
    """How invoices and statements look: a folder; empty = ``branding`` beside the catalogue."""

    branding: str = ""


class MetricsSettings(SettingsGroup):
    """Where metrics and health are served over HTTP."""

    listen: EndpointText = Endpoint("127.0.0.1", 9868)


class LimitsSettings(SettingsGroup):
    """What bounds memory and waiting."""

    requests_in_flight: PositiveInt = 2048
    queue_ms: NaturalInt = 50
    connections: PositiveInt = 4096
    message_octets: Annotated[int, Field(ge=1024, le=(1 << 24) - 1)] = 65_536
    batch_size: PositiveInt = 64
    commits_in_flight: PositiveInt = 4
    store_patience_ms: PositiveInt = 3000
    cached_accounts: PositiveInt = 200_000
    cached_sessions: PositiveInt = 200_000


class ChargingSettings(SettingsGroup):
    """What gateways are told, and how long sessions live without them."""

    credit_control_failure_handling: Literal["terminate", "continue", "retry_and_terminate"] = "terminate"
    session_failover: bool = True
    remember_closed_s: NaturalInt = 300
    session_without_grant_s: PositiveInt = 7200
    supervision_factor: PositiveInt = 2
    refused_validity_s: PositiveInt = 300


class RecordSeries(SettingsGroup):
    """A series of CSV files of chosen columns; an empty ``directory`` is ``records/NAME`` in the data."""

    name: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
    columns: Annotated[list[str], Field(min_length=1)]
    services: list[str] = Field(default=[], description="empty = all")
    directory: str = ""
    delimiter: Annotated[str, Field(pattern='^[^"\r\n]$')] = ","
    header: bool = True
    rotate_records: PositiveInt = 100_000
    rotate_s: PositiveInt = 3600


class RecordsSettings(SettingsGroup):
    """The files of charging records; an empty ``directory`` is the folder ``cdr`` in the data directory.

    ``mappings`` is the folder of what columns of imported usage mean; empty = ``mappings`` beside the
    catalogue, else the examples that come along.
    """

    directory: str = ""
    rotate_records: PositiveInt = 100_000
    rotate_s: PositiveInt = 3600
    poll_ms: PositiveInt = 200
    lake: bool = True
    lake_every_s: PositiveInt = 300
    series: list[RecordSeries] = []
    mappings: str = ""


class LogSettings(SettingsGroup):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Settings(SettingsGroup):
    """All settings of a server; immutable."""

    diameter: DiameterSettings = DiameterSettings()
    tls: TlsSettings = TlsSettings()
    store: StoreSettings = StoreSettings()
    database: DatabaseSettings = DatabaseSettings()
    catalogue: CatalogueSettings = CatalogueSettings()
    settlement: SettlementSettings = SettlementSettings()
    documents: DocumentsSettings = DocumentsSettings()
    metrics: MetricsSettings = MetricsSettings()
    limits: LimitsSettings = LimitsSettings()
    charging: ChargingSettings = ChargingSettings()
    records: RecordsSettings = RecordsSettings()
    log: LogSettings = LogSettings()

    @property
    def data_directory(self) -> Path:
        """Where the private Valkey and, by default, the records are."""
        return Path(self.store.data_dir)

    @property
    def database_url(self) -> str:
        """The URL of the relational database."""
        return self.database.url or f"sqlite:///{self.data_directory / 'ocs.db'}"

    @property
    def catalogue_path(self) -> Path:
        """The folder or file of the catalogue."""
        return Path(self.catalogue.path) if self.catalogue.path else EXAMPLE_OPERATOR

    @property
    def branding_directory(self) -> Path:
        """The folder of the operator's branding."""
        if self.documents.branding:
            return Path(self.documents.branding)
        catalogue = self.catalogue_path
        return (catalogue if catalogue.is_dir() else catalogue.parent) / "branding"

    @property
    def partners_path(self) -> Path:
        """The folder of the agreements with partners."""
        if self.settlement.partners:
            return Path(self.settlement.partners)
        catalogue = self.catalogue_path
        return (catalogue.parent if catalogue.is_file() else catalogue) / "partners"

    @property
    def records_directory(self) -> Path:
        """Where record files are written."""
        return Path(self.records.directory) if self.records.directory else self.data_directory / "cdr"

    @property
    def mappings_directory(self) -> Path:
        """Where the mappings of imported usage are."""
        if self.records.mappings:
            return Path(self.records.mappings)
        catalogue = self.catalogue_path
        beside = (catalogue if catalogue.is_dir() else catalogue.parent) / "mappings"
        return beside if beside.is_dir() else EXAMPLE_MAPPINGS

    @property
    def served_realms(self) -> list[str]:
        """The realms whose requests we answer."""
        return self.diameter.served_realms or [self.diameter.origin_realm]
