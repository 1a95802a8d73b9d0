//! The smallest useful component: answers every request with one line of text.

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../wit/deps/wasi-io",
            "../../../wit/deps/wasi-clocks",
            "../../../wit/deps/wasi-random",
            "../../../wit/deps/wasi-cli",
            "../../../wit/deps/wasi-http",
            "wit",
        ],
        world: "example:hello/hello",
        generate_all,
    });
    use super::Hello;
    export!(Hello);
}

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Hello;

impl Guest for Hello {
    fn handle(_request: IncomingRequest, outparam: ResponseOutparam) {
        let headers = Fields::new();
        headers
            .set("content-type", &[b"text/plain; charset=utf-8".to_vec()])
            .expect("a plain header is allowed");
        let response = OutgoingResponse::new(headers);
        let body = response.body().expect("the body is taken once");
        ResponseOutparam::set(outparam, Ok(response));

        let stream = body.write().expect("the stream is taken once");
        // An error here means that the client is gone: there is nobody left to tell.
        let _ = stream.blocking_write_and_flush(b"Hello from Rust!\n");
        // The stream is a child of the body and must go first.
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}
