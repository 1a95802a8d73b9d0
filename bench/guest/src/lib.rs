//! Does many keyvalue gets in one request, and moves an object between the client and the blobstore,
//! so that what a call to a capability costs can be told apart from what a request costs.
//!
//! `/kv?n=N` sets a key and gets it N times; `PUT /blob` stores the request's body; `GET /blob` streams it back.

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../wit/deps/wasi-io",
            "../../wit/deps/wasi-clocks",
            "../../wit/deps/wasi-random",
            "../../wit/deps/wasi-cli",
            "../../wit/deps/wasi-http",
            "../../wit/deps/wasi-keyvalue-0.2.0-draft",
            "../../wit/deps/wasi-blobstore",
            "wit",
        ],
        world: "bench:backends/backends",
        generate_all,
    });
    use super::Backends;
    export!(Backends);
}

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::blobstore::blobstore;
use bindings::wasi::blobstore::types::{IncomingValue, OutgoingValue};
use bindings::wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};
use bindings::wasi::keyvalue::store;

const CHUNK: u64 = 65_536;

struct Backends;

impl Guest for Backends {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        match (request.method(), path.split('?').next()) {
            (Method::Get, Some("/kv")) => answer(outparam, keyvalue(number(&path))),
            (Method::Put, Some("/blob")) => answer(outparam, put(request)),
            (Method::Get, Some("/blob")) => get(outparam),
            _ => answer(outparam, Ok("ready\n".into())),
        }
    }
}

fn number(path: &str) -> u64 {
    path.rsplit_once("n=").and_then(|(_, n)| n.parse().ok()).unwrap_or(0)
}

fn keyvalue(n: u64) -> Result<String, String> {
    let bucket = store::open("default").map_err(|e| format!("{e:?}"))?;
    bucket.set("key", b"a value of some bytes").map_err(|e| format!("{e:?}"))?;
    let mut bytes = 0;
    for _ in 0..n {
        bytes += bucket.get("key").map_err(|e| format!("{e:?}"))?.map_or(0, |v| v.len());
    }
    Ok(format!("{bytes}\n"))
}

fn container() -> Result<blobstore::Container, String> {
    match blobstore::get_container("bench") {
        Ok(container) => Ok(container),
        Err(_) => blobstore::create_container("bench"),
    }
}

fn put(request: IncomingRequest) -> Result<String, String> {
    let container = container()?;
    let value = OutgoingValue::new_outgoing_value();
    let sink = value.outgoing_value_write_body().map_err(|()| "no body".to_string())?;
    container.write_data("object", &value)?;
    let body = request.consume().map_err(|()| "no request body".to_string())?;
    let source = body.stream().map_err(|()| "no stream".to_string())?;
    let moved = pump(&source, &sink).map_err(|e| format!("{e:?}"))?;
    drop((source, sink));
    OutgoingValue::finish(value)?;
    Ok(format!("{moved}\n"))
}

fn pump(source: &InputStream, sink: &OutputStream) -> Result<u64, StreamError> {
    let mut moved = 0;
    loop {
        match sink.blocking_splice(source, CHUNK) {
            Ok(n) => moved += n,
            Err(StreamError::Closed) => break,
            Err(error) => return Err(error),
        }
    }
    sink.blocking_flush()?;
    Ok(moved)
}

fn get(outparam: ResponseOutparam) {
    let opened = container()
        .and_then(|container| container.get_data("object", 0, u64::MAX))
        .and_then(IncomingValue::incoming_value_consume_async);
    match opened {
        Err(problem) => answer(outparam, Err(problem)),
        Ok(source) => {
            let response = OutgoingResponse::new(Fields::new());
            let body = response.body().expect("the body is taken once");
            ResponseOutparam::set(outparam, Ok(response));
            let sink = body.write().expect("the stream is taken once");
            let _ = pump(&source, &sink);
            drop((source, sink));
            let _ = OutgoingBody::finish(body, None);
        }
    }
}

fn answer(outparam: ResponseOutparam, result: Result<String, String>) {
    let response = OutgoingResponse::new(Fields::new());
    if result.is_err() {
        response.set_status_code(502).expect("a status that HTTP knows");
    }
    let text = result.unwrap_or_else(|problem| problem + "\n");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    let stream = body.write().expect("the stream is taken once");
    for chunk in text.as_bytes().chunks(4096) {
        let _ = stream.blocking_write_and_flush(chunk);
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
