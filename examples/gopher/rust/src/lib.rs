//! Remembers people and their animals in `wasi:keyvalue`, one bucket for each person.

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../wit/deps/wasi-io",
            "../../../wit/deps/wasi-clocks",
            "../../../wit/deps/wasi-random",
            "../../../wit/deps/wasi-cli",
            "../../../wit/deps/wasi-http",
            "../../../wit/deps/wasi-keyvalue-0.2.0-draft",
            "wit",
        ],
        world: "example:gopher/gopher",
        generate_all,
    });
    use super::Gopher;
    export!(Gopher);
}

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use bindings::wasi::keyvalue::store::{self, Bucket, Error};

struct Gopher;

impl Guest for Gopher {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let answer = match (request.method(), path.trim_start_matches('/')) {
            (Method::Get, "") => {
                Ok((200, "PUT /NAME?animal=ANIMAL&language=LANGUAGE, then GET /NAME.\n".into()))
            }
            (Method::Get, name) => greet(name),
            (Method::Put, name) => remember(name, query),
            (Method::Delete, name) => forget(name),
            _ => Ok((405, "Only GET, PUT and DELETE.\n".into())),
        };
        let (status, text) =
            answer.unwrap_or_else(|error| (502, format!("The store did not answer: {}\n", describe(error))));
        respond(outparam, status, &text);
    }
}

type Answer = Result<(u16, String), Error>;

fn greet(name: &str) -> Answer {
    let bucket = open(name)?;
    let Some(animal) = text(&bucket, "animal")? else {
        return Ok((404, format!("{name} is not known.\n")));
    };
    let language = text(&bucket, "accept-language")?.unwrap_or_default();
    let hello = match language.split('-').next() {
        Some("de") => "Hallo",
        Some("fr") => "Bonjour",
        Some("zh") => "你好",
        _ => "Hello",
    };
    Ok((200, format!("{hello} {name}, greetings to your {animal}!\n")))
}

fn remember(name: &str, query: &str) -> Answer {
    let Some(animal) = parameter(query, "animal") else {
        return Ok((400, format!("Which animal? PUT /{name}?animal=ANIMAL\n")));
    };
    let bucket = open(name)?;
    bucket.set("animal", animal.as_bytes())?;
    let language = parameter(query, "language").unwrap_or("en");
    bucket.set("accept-language", language.as_bytes())?;
    Ok((201, format!("{name} is known.\n")))
}

fn forget(name: &str) -> Answer {
    let bucket = open(name)?;
    bucket.delete("animal")?;
    bucket.delete("accept-language")?;
    Ok((200, format!("{name} is forgotten.\n")))
}

fn open(name: &str) -> Result<Bucket, Error> {
    store::open(&format!("user:{name}"))
}

fn text(bucket: &Bucket, key: &str) -> Result<Option<String>, Error> {
    let value = bucket.get(key)?;
    Ok(value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value)
}

fn describe(error: Error) -> String {
    match error {
        Error::NoSuchStore => "no such store".into(),
        Error::AccessDenied => "access denied".into(),
        Error::Other(message) => message,
    }
}

fn respond(outparam: ResponseOutparam, status: u16, text: &str) {
    let headers = Fields::new();
    let kind = b"text/plain; charset=utf-8".to_vec();
    headers.set("content-type", &[kind]).expect("a plain header is allowed");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("a status that HTTP knows");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    let stream = body.write().expect("the stream is taken once");
    // An error here means that the client is gone: there is nobody left to tell.
    let _ = stream.blocking_write_and_flush(text.as_bytes());
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
