//! Counts visits in `wasi:keyvalue` and greets as `wasi:config` says.
//!
//! A browser gets a small page, everything else one line of text.

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../wit/deps/wasi-io",
            "../../wit/deps/wasi-clocks",
            "../../wit/deps/wasi-random",
            "../../wit/deps/wasi-cli",
            "../../wit/deps/wasi-http",
            "../../wit/deps/wasi-keyvalue-0.2.0-draft",
            "../../wit/deps/wasi-config-0.2.0-rc.1",
            "wit",
        ],
        world: "example:counter/counter",
        generate_all,
    });
    use super::Counter;
    export!(Counter);
}

mod page;

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::config::store as config;
use bindings::wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use bindings::wasi::io::streams::StreamError;
use bindings::wasi::keyvalue::{atomics, store};

/// What `blocking-write-and-flush` takes at once (wasi:io/streams).
const CHUNK: usize = 4096;

struct Counter;

/// One answer: what `respond` sends.
struct Answer {
    status: u16,
    content_type: &'static str,
    body: String,
}

impl Guest for Counter {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        // The client may leave at any time; then there is nobody left to tell.
        let _ = respond(outparam, answer(&request));
    }
}

fn answer(request: &IncomingRequest) -> Answer {
    let path = request.path_with_query().unwrap_or_else(|| "/".into());
    if !matches!(request.method(), Method::Get | Method::Head) {
        return text(405, "Only GET and HEAD: every GET is a visit.\n".into());
    }
    if path.split('?').next() != Some("/") {
        return text(404, "Nothing here; the counter is at /.\n".into());
    }
    match visits() {
        Err(problem) => text(502, format!("The visit was not counted: {problem}\n")),
        Ok(visits) if wants_html(request) => Answer {
            status: 200,
            content_type: "text/html; charset=utf-8",
            body: page::render(&greeting(), visits),
        },
        Ok(visits) => text(200, format!("{} You are visitor {visits}.\n", greeting())),
    }
}

/// Counts this visit. The increment is one step in the backend, so that no replica loses any.
fn visits() -> Result<u64, String> {
    let bucket = store::open("default").map_err(describe)?;
    atomics::increment(&bucket, "visits", 1).map_err(describe)
}

fn describe(error: store::Error) -> String {
    match error {
        store::Error::NoSuchStore => "no Link serves the store \"default\"".into(),
        store::Error::AccessDenied => "the Link does not allow the store \"default\"".into(),
        store::Error::Other(message) => message,
    }
}

fn greeting() -> String {
    config::get("greeting").ok().flatten().unwrap_or_else(|| "Hello!".into())
}

fn wants_html(request: &IncomingRequest) -> bool {
    request.headers().get("accept").iter().any(|value| String::from_utf8_lossy(value).contains("text/html"))
}

fn text(status: u16, body: String) -> Answer {
    Answer { status, content_type: "text/plain; charset=utf-8", body }
}

fn respond(outparam: ResponseOutparam, answer: Answer) -> Result<(), StreamError> {
    let headers = Fields::new();
    for (name, value) in [("content-type", answer.content_type), ("cache-control", "no-store")] {
        headers.set(name, &[value.as_bytes().to_vec()]).expect("a plain header is allowed");
    }
    let response = OutgoingResponse::new(headers);
    response.set_status_code(answer.status).expect("a status that HTTP knows");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));

    let stream = body.write().expect("the stream is taken once");
    for chunk in answer.body.as_bytes().chunks(CHUNK) {
        stream.blocking_write_and_flush(chunk)?;
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
    Ok(())
}
