"""Where a store is, as a URL says it."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from balance.store import StoreError

DEFAULT_PORT = 6379
DEFAULT_SENTINEL_PORT = 26379
DEFAULT_TIMEOUT_S = 2.0

DIRECT = "direct"
SENTINEL = "sentinel"
CLUSTER = "cluster"

FORMS = (
    "unix:PATH, redis://[user:password@]host:port/db, redis+sentinel://host:port,host:port/service/db, "
    "redis+cluster://host:port,host:port; rediss instead of redis for TLS"
)
OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname", "timeout_s")


@dataclass(frozen=True)
class Endpoint:
    """One place to connect to: a unix socket's path, or a host and a port."""

    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class StoreAddress:
    """A store's URL, read. ``endpoints`` are the servers, or the Sentinels or Cluster nodes to ask for them."""

    topology: str
    endpoints: tuple[Endpoint, ...]
    username: str = ""
    password: str = field(default="", repr=False)
    database: int = 0
    service: str = ""
    tls: ssl.SSLContext | None = field(default=None, repr=False, compare=False)
    timeout_s: float = DEFAULT_TIMEOUT_S

    def __str__(self) -> str:
        """The address for people, without the password."""
        places = ",".join(str(endpoint) for endpoint in self.endpoints)
        if self.endpoints[0].path:
            return places if self.database == 0 else f"{places} database {self.database}"
        scheme = "rediss" if self.tls else "redis"
        if self.topology != DIRECT:
            scheme += f"+{self.topology}"
        path = f"/{self.service}/{self.database}" if self.topology == SENTINEL else f"/{self.database}"
        return f"{scheme}://{places}{path}"


def parse_address(url: str) -> StoreAddress:
    """Read a store's URL. StoreError where it is none that this server understands."""
    if url.startswith("unix:"):
        return _unix_address(url)
    parts = urlsplit(url)
    scheme, _, topology = parts.scheme.partition("+")
    if scheme not in {"redis", "rediss"} or topology not in {"", SENTINEL, CLUSTER}:
        raise StoreError(f"store address {_without_password(url)!r} is none of: {FORMS}")
    options = _options(url, parts)
    credentials, _, places = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    default_port = DEFAULT_SENTINEL_PORT if topology == SENTINEL else DEFAULT_PORT
    endpoints = tuple(_endpoint(url, place, default_port) for place in places.split(","))
    service, database = _path(url, topology, parts.path)
    if topology == "" and len(endpoints) > 1:
        raise StoreError(f"store address {_without_password(url)!r}: several hosts need +sentinel or +cluster")
    return StoreAddress(
        topology=topology or DIRECT,
        endpoints=endpoints,
        username=unquote(username),
        password=unquote(password),
        database=database,
        service=service,
        tls=_tls(options) if scheme == "rediss" else None,
        timeout_s=_timeout_s(options),
    )


def _unix_address(url: str) -> StoreAddress:
    parts = urlsplit(url)
    path = unquote(parts.path)
    if not path:
        raise StoreError(f"store address {url!r} has no path")
    options = _options(url, parts)
    return StoreAddress(topology=DIRECT, endpoints=(Endpoint(path=path),), timeout_s=_timeout_s(options))


def _options(url: str, parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in options:
        if name not in OPTIONS:
            raise StoreError(f"store address {_without_password(url)!r}: option {name!r} is none of {OPTIONS}")
    return options


def _timeout_s(options: dict[str, str]) -> float:
    text = options.get("timeout_s", str(DEFAULT_TIMEOUT_S))
    try:
        timeout_s = float(text)
    except ValueError:
        timeout_s = 0.0
    if not 0 < timeout_s <= 60:
        raise StoreError(f"timeout_s={text}: seconds between 0 and 60 are wanted")
    return timeout_s


def _endpoint(url: str, place: str, default_port: int) -> Endpoint:
    try:
        parts = urlsplit(f"//{place}")
        port = parts.port
    except ValueError:
        raise StoreError(f"store address {_without_password(url)!r}: {place!r} is no host and port") from None
    if not parts.hostname:
        raise StoreError(f"store address {_without_password(url)!r} has no host")
    return Endpoint(host=parts.hostname, port=port or default_port)


def _path(url: str, topology: str, path: str) -> tuple[str, int]:
    """The Sentinel service and the database of a URL's path."""
    names = [unquote(name) for name in path.split("/") if name]
    service = ""
    if topology == SENTINEL:
        if not names:
            raise StoreError(f"store address {_without_password(url)!r} names no service: .../mymaster")
        service = names.pop(0)
    if len(names) > 1 or (names and not names[0].isdecimal()):
        raise StoreError(f"store address {_without_password(url)!r}: the path is no database number")
    database = int(names[0]) if names else 0
    if topology == CLUSTER and database:
        raise StoreError("a Cluster has only database 0")
    return service, database


def _tls(options: dict[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
        if options.get("ssl_check_hostname", "true").lower() in {"false", "no", "0"}:
            context.check_hostname = False
        if "ssl_certfile" in options:
            context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"))
    except OSError as error:
        raise StoreError(f"TLS files of the store address: {error}") from error
    return context


def _without_password(url: str) -> str:
    head, separator, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://***@{tail}" if separator else url
