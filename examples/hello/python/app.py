"""Answers every request with one line of text."""

from componentize_py_types import Ok
from wit_world.exports import IncomingHandler as Base
from wit_world.imports.types import (
    Fields,
    IncomingRequest,
    OutgoingBody,
    OutgoingResponse,
    ResponseOutparam,
)


class IncomingHandler(Base):
    """What the world exports: componentize-py finds it by its name."""

    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        """Respond to one request."""
        headers = Fields.from_list([("content-type", b"text/plain; charset=utf-8")])
        response = OutgoingResponse(headers)
        body = response.body()
        ResponseOutparam.set(response_out, Ok(response))
        # The stream is a child of the body and must go first.
        with body.write() as stream:
            stream.blocking_write_and_flush(b"Hello from Python!\n")
        OutgoingBody.finish(body, None)
