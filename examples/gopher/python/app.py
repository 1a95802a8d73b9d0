"""Remembers people and their animals in ``wasi:keyvalue``, one bucket for each person."""

from urllib.parse import parse_qs

from componentize_py_types import Err, Ok
from wit_world.exports import IncomingHandler as Base
from wit_world.imports import store
from wit_world.imports.types import (
    Fields,
    IncomingRequest,
    Method_Delete,
    Method_Get,
    Method_Put,
    OutgoingBody,
    OutgoingResponse,
    ResponseOutparam,
)

HELLO = {"de": "Hallo", "fr": "Bonjour", "zh": "你好"}


class IncomingHandler(Base):
    """What the world exports: componentize-py finds it by its name."""

    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        """Respond to one request."""
        path, _, query = (request.path_with_query() or "/").partition("?")
        try:
            status, text = answer(request.method(), path.lstrip("/"), query)
        except Err as error:  # an error of the interface
            status, text = 502, f"The store did not answer: {describe(error.value)}\n"
        respond(response_out, status, text)


def answer(method: object, name: str, query: str) -> tuple[int, str]:
    """Status and text of the answer."""
    match method:
        case Method_Get() if not name:
            return 200, "PUT /NAME?animal=ANIMAL&language=LANGUAGE, then GET /NAME.\n"
        case Method_Get():
            return greet(name)
        case Method_Put():
            return remember(name, query)
        case Method_Delete():
            return forget(name)
    return 405, "Only GET, PUT and DELETE.\n"


def greet(name: str) -> tuple[int, str]:
    """What the store knows of a person."""
    bucket = store.open(f"user:{name}")
    animal = bucket.get("animal")
    if animal is None:
        return 404, f"{name} is not known.\n"
    language = (bucket.get("accept-language") or b"").decode()
    hello = HELLO.get(language.partition("-")[0], "Hello")
    return 200, f"{hello} {name}, greetings to your {animal.decode()}!\n"


def remember(name: str, query: str) -> tuple[int, str]:
    """Write a person down."""
    parameters = parse_qs(query)
    if "animal" not in parameters:
        return 400, f"Which animal? PUT /{name}?animal=ANIMAL\n"
    bucket = store.open(f"user:{name}")
    bucket.set("animal", parameters["animal"][0].encode())
    bucket.set("accept-language", parameters.get("language", ["en"])[0].encode())
    return 201, f"{name} is known.\n"


def forget(name: str) -> tuple[int, str]:
    """Strike a person out."""
    bucket = store.open(f"user:{name}")
    bucket.delete("animal")
    bucket.delete("accept-language")
    return 200, f"{name} is forgotten.\n"


def describe(error: object) -> str:
    """An error of the interface in words."""
    match error:
        case store.Error_NoSuchStore():
            return "no such store"
        case store.Error_AccessDenied():
            return "access denied"
        case store.Error_Other(message):
            return message
    return str(error)


def respond(response_out: ResponseOutparam, status: int, text: str) -> None:
    """Send a whole response."""
    headers = Fields.from_list([("content-type", b"text/plain; charset=utf-8")])
    response = OutgoingResponse(headers)
    response.set_status_code(status)
    body = response.body()
    ResponseOutparam.set(response_out, Ok(response))
    # The stream is a child of the body and must go first.
    with body.write() as stream:
        stream.blocking_write_and_flush(text.encode())
    OutgoingBody.finish(body, None)
