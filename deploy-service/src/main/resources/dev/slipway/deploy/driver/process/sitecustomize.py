"""Runs before the application (PYTHONPATH): ports it insists on become those it was given, on the loopback address."""
import os
import socket

_ports = dict(
    (int(wanted), int(given))
    for wanted, given in (pair.split(":") for pair in os.environ.get("SLIPWAY_PORTS", "").split(",") if pair)
)
_local = ("", "localhost", "127.0.0.1", "0.0.0.0", "::", "::1")


def _mapped(address):
    if isinstance(address, tuple) and len(address) >= 2 and address[1] in _ports and address[0] in _local:
        host = "::1" if len(address) == 4 else os.environ.get("SLIPWAY_BIND", "127.0.0.1")
        return (host, _ports[address[1]]) + tuple(address[2:])
    return address


if _ports:

    class _Socket(socket.socket):
        def bind(self, address):
            return super().bind(_mapped(address))

        def connect(self, address):
            return super().connect(_mapped(address))

        def connect_ex(self, address):
            return super().connect_ex(_mapped(address))

    socket.socket = _Socket
