"""What a Redis or Valkey server is, in words: above all what it keeps when it crashes."""

from __future__ import annotations

from balance.redis_store.client import Client
from balance.redis_store.replies import information, octet_list
from balance.store import DURABLE, StoreError

SAFE_EVICTION = "noeviction"


async def describe_server(client: Client) -> dict[str, str]:
    """Kind, address, version, durability, memory, replicas; ``warning`` where states could be evicted."""
    information = await _information(client)
    settings = await _settings(client)
    described = {
        "kind": "valkey" if "valkey_version" in information else "redis",
        "address": str(client.address),
        "server": str(client.endpoint),
        "version": information.get("valkey_version") or information.get("redis_version", "unknown"),
        "durability": durability(settings),
        "memory": information.get("used_memory_human", "unknown"),
        "replicas": information.get("connected_slaves", "0"),
    }
    eviction = settings.get("maxmemory-policy", SAFE_EVICTION)
    if eviction != SAFE_EVICTION:
        described["warning"] = (
            f"maxmemory-policy is {eviction}: the server may throw balances away when memory is short; "
            f"set it to {SAFE_EVICTION}"
        )
    return described


def durability(settings: dict[str, str]) -> str:
    """What a server with these settings loses in a crash, as one line."""
    if "appendonly" not in settings:
        return "unknown: the server does not let us read its settings (CONFIG GET)"
    if settings["appendonly"] != "yes":
        return "weak: appendonly is off, a crash loses everything since the last snapshot"
    fsync = settings.get("appendfsync", "unknown")
    if fsync == "everysec":
        return "weak: appendfsync is everysec, a crash of the machine loses up to 2 seconds of answers"
    if fsync != "always":
        return f"weak: appendfsync is {fsync}, a crash of the machine loses what the kernel had not written"
    if settings.get("no-appendfsync-on-rewrite") == "yes":
        return "weak: no-appendfsync-on-rewrite is yes, a crash during a rewrite loses what was not on disk"
    return DURABLE


async def _information(client: Client) -> dict[str, str]:
    fields: dict[str, str] = {}
    for section in (b"server", b"memory", b"replication"):
        fields.update(information(await client.call(b"INFO", section)))
    return fields


async def _settings(client: Client) -> dict[str, str]:
    """The settings that matter; nothing where the server keeps them to itself, as hosted ones do."""
    settings: dict[str, str] = {}
    for name in (b"appendonly", b"appendfsync", b"no-appendfsync-on-rewrite", b"maxmemory-policy"):
        try:
            pair = octet_list(await client.call(b"CONFIG", b"GET", name))
        except StoreError:
            return {}
        if len(pair) == 2:
            settings[pair[0].decode()] = pair[1].decode()
    return settings
