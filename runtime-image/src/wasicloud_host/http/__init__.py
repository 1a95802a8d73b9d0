"""The HTTP/1.1 edge: sockets, parsing, limits, responses, logs of access, metrics and the management port.

What belongs here is everything between a client's socket and the handler `handle(head, body, io) -> answer`; nothing here
knows WebAssembly, links or backends. `server.Server` and `management.Management` are the public names; README.md has the picture.
"""
