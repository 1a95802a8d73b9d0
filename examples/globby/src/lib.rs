//! Middleware: lets everybody read, and only those write whom gopher knows. What passes goes to the next
//! component, by a function call.

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../wit/deps/wasi-io",
            "../../wit/deps/wasi-clocks",
            "../../wit/deps/wasi-random",
            "../../wit/deps/wasi-cli",
            "../../wit/deps/wasi-http",
            "../../wit/deps/wasi-keyvalue-0.2.0-draft",
            "wit",
        ],
        world: "example:globby/globby",
        generate_all,
    });
    use super::Globby;
    export!(Globby);
}

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::incoming_handler as next;
use bindings::wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use bindings::wasi::keyvalue::store;

struct Globby;

impl Guest for Globby {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        match refusal(&request) {
            None => next::handle(request, outparam),
            Some((status, text)) => respond(outparam, status, &text),
        }
    }
}

/// Why a request may not pass; none if it may.
fn refusal(request: &IncomingRequest) -> Option<(u16, String)> {
    if matches!(request.method(), Method::Get | Method::Head) {
        return None;
    }
    let names = request.headers().get("x-gopher");
    let Some(name) = names.first().map(|name| String::from_utf8_lossy(name)) else {
        return Some((401, "Who are you? Say so in the header x-gopher.\n".into()));
    };
    match store::open(&format!("user:{name}")).and_then(|bucket| bucket.exists("animal")) {
        Ok(true) => None,
        Ok(false) => Some((403, format!("{name} is not known.\n"))),
        Err(error) => Some((502, format!("The store did not answer: {error:?}\n"))),
    }
}

fn respond(outparam: ResponseOutparam, status: u16, text: &str) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(status).expect("a status that HTTP knows");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    let stream = body.write().expect("the stream is taken once");
    // An error here means that the client is gone: there is nobody left to tell.
    let _ = stream.blocking_write_and_flush(text.as_bytes());
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
