"""Replies as the types that a command answers. StoreError where the server answers something else."""

from balance.store import StoreError


def integer(reply: object) -> int:
    """A reply that is a number, also one that is stored as digits."""
    if isinstance(reply, int):
        return reply
    if isinstance(reply, bytes) and reply.isdigit():
        return int(reply)
    raise StoreError(f"the store answered {reply!r} where a number belongs")


def octets(reply: object) -> bytes:
    """A reply that is an octet string."""
    if isinstance(reply, bytes):
        return reply
    raise StoreError(f"the store answered {reply!r} where octets belong")


def information(reply: object) -> dict[str, str]:
    """The fields of a reply to INFO."""
    lines = (line.partition(":") for line in octets(reply).decode(errors="replace").splitlines())
    return {name: value for name, separator, value in lines if separator}


def items(reply: object) -> list[object]:
    """A reply that is a list."""
    if isinstance(reply, list):
        return reply
    raise StoreError(f"the store answered {reply!r} where a list belongs")


def octet_list(reply: object) -> list[bytes]:
    """A reply that is a list of octet strings."""
    return [octets(item) for item in items(reply)]
