//! Middleware: passes a request on to the component behind it if it brings the key that the configuration asks for.
//!
//! The component behind runs in the same process; passing on is a function call, and both bodies stream through untouched.

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../wit/deps/wasi-io",
            "../../wit/deps/wasi-clocks",
            "../../wit/deps/wasi-random",
            "../../wit/deps/wasi-cli",
            "../../wit/deps/wasi-http",
            "../../wit/deps/wasi-config-0.2.0-rc.1",
            "wit",
        ],
        world: "example:gatekeeper/gatekeeper",
        generate_all,
    });
    use super::Gatekeeper;
    export!(Gatekeeper);
}

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::config::store as config;
use bindings::wasi::http::incoming_handler as next;
use bindings::wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Gatekeeper;

impl Guest for Gatekeeper {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        match config::get("key") {
            Ok(Some(key)) if brings(&request, &key) => next::handle(request, outparam),
            Ok(Some(_)) => refuse(outparam, 401, "This needs the header x-key.\n"),
            _ => refuse(outparam, 500, "The gatekeeper has no key configured.\n"),
        }
    }
}

fn brings(request: &IncomingRequest, key: &str) -> bool {
    request.headers().get("x-key").iter().any(|value| value == key.as_bytes())
}

fn refuse(outparam: ResponseOutparam, status: u16, text: &str) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(status).expect("a status that HTTP knows");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    let stream = body.write().expect("the stream is taken once");
    // The client may leave at any time; then there is nobody left to tell.
    let _ = stream.blocking_write_and_flush(text.as_bytes());
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
