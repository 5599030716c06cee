"""The address of a PostgreSQL server, and what is said where it lets nobody in; never with a password."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from analytics.errors import LostConnectionError, SourceError

_BUSY = "it takes no connections just now"


def address_of(url: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Take a PostgreSQL address apart, and what it says after its question mark.

    Parameters
    ----------
    url : str
        Begins with ``postgresql://``; user, password and database as ``%xx`` where they need to be.

    Returns
    -------
    tuple of dict, dict
        Host, port, user, password and database; other settings of the connection.

    Raises
    ------
    SourceError
        If it cannot be: most often a password holds a mark that ends a part of an address. What stands
        where is then not known, so that the message quotes nothing of it.
    """
    if not url.startswith(("postgres://", "postgresql://")):
        raise SourceError("url does not begin with postgresql://")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port = -1
    if port == -1 or parts.fragment or "@" in parts.path + parts.query:
        raise SourceError(
            "url cannot be read as postgresql://user:password@host:port/database; in a user or password, "
            "write / as %2F, # as %23, ? as %3F, @ as %40, % as %25, [ as %5B, ] as %5D"
        )
    address = {
        "host": parts.hostname,
        "port": port or 5432,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.lstrip("/")),
    }
    said = {{"dbname": "database"}.get(name, name): value for name, value in parse_qsl(parts.query)}
    address |= {name: said.pop(name) for name in tuple(said) if name in address}
    return address, said


def refused(where: str, error: Exception) -> SourceError:
    """Say why a server did not let us in, and whether it may later.

    Parameters
    ----------
    where : str
        Which server, without a password.
    error : Exception
        The driver's; its text may hold the address and is not quoted.

    Returns
    -------
    SourceError
        A `LostConnectionError` where another try may help.
    """
    text = str(error).lower()
    for sign, kind, reason in (
        ("starting up", LostConnectionError, _BUSY),
        ("shutting down", LostConnectionError, _BUSY),
        ("connection slots", LostConnectionError, _BUSY),
        ("too many", LostConnectionError, _BUSY),
        ("server closed", LostConnectionError, _BUSY),
        ("password authentication", SourceError, "the user or the password is wrong"),
        ("no password supplied", SourceError, "it wants a password"),
        ("does not exist", SourceError, "there is no such database or user"),
        ("refused", LostConnectionError, "nothing answers there; is the server running?"),
        ("resolve", SourceError, "the host's name is not known"),
        ("translate host", SourceError, "the host's name is not known"),
        ("timeout", LostConnectionError, "it did not answer in time"),
    ):
        if sign in text:
            return kind(f"cannot connect to the {where}: {reason}")
    return SourceError(
        f"cannot connect to the {where}: the server refused; check url and that the user may connect"
    )
