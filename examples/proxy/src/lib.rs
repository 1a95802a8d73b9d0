//! Passes every request on to the server that `upstream` of `wasi:config` names, and its answer back.

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
        world: "example:proxy/proxy",
        generate_all,
    });
    use super::Proxy;
    export!(Proxy);
}

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::config::store as config;
use bindings::wasi::http::outgoing_handler;
use bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, IncomingResponse, OutgoingBody, OutgoingRequest,
    OutgoingResponse, ResponseOutparam, Scheme,
};
use bindings::wasi::io::streams::StreamError;

struct Proxy;

impl Guest for Proxy {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        match forward(&request) {
            Ok(response) => pass_back(response, outparam),
            Err(problem) => refuse(outparam, &problem),
        }
    }
}

fn forward(request: &IncomingRequest) -> Result<IncomingResponse, String> {
    let upstream = config::get("upstream").ok().flatten();
    let upstream = upstream.ok_or("config has no upstream, e.g. http://127.0.0.1:9000")?;
    let (scheme, authority) = match upstream.split_once("://") {
        Some(("https", authority)) => (Scheme::Https, authority),
        Some((_, authority)) => (Scheme::Http, authority),
        None => return Err(format!("upstream {upstream:?} is not scheme://host:port")),
    };
    let bad = |()| format!("upstream {upstream:?} or the request is malformed");
    let outgoing = OutgoingRequest::new(allowed(&request.headers()));
    outgoing.set_method(&request.method()).map_err(bad)?;
    outgoing.set_scheme(Some(&scheme)).map_err(bad)?;
    outgoing.set_authority(Some(authority)).map_err(bad)?;
    outgoing.set_path_with_query(request.path_with_query().as_deref()).map_err(bad)?;

    let to = outgoing.body().expect("the body is taken once");
    let future = outgoing_handler::handle(outgoing, None).map_err(|code| describe(&upstream, code))?;
    // A server may answer before it has read everything, so a failed upload is not yet a failed request.
    let _ = copy(request.consume().expect("the body is taken once"), to);
    future.subscribe().block();
    let outcome = future.get().expect("the pollable was ready");
    outcome.expect("the response is taken once").map_err(|code| describe(&upstream, code))
}

fn describe(upstream: &str, code: ErrorCode) -> String {
    match code {
        ErrorCode::HttpRequestDenied => {
            format!("{upstream} is not in egress.allowedHosts of this component")
        }
        code => format!("{upstream} cannot be reached: {code:?}"),
    }
}

fn pass_back(response: IncomingResponse, outparam: ResponseOutparam) {
    let outgoing = OutgoingResponse::new(allowed(&response.headers()));
    outgoing.set_status_code(response.status()).expect("a status that came from HTTP");
    let to = outgoing.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(outgoing));
    // A body that breaks off is dropped unfinished, and breaks off for the client too.
    let _ = copy(response.consume().expect("the body is taken once"), to);
}

/// The headers that may be passed on. Those of the connection are the host's and refused one by one.
fn allowed(headers: &Fields) -> Fields {
    let copy = Fields::new();
    for (name, value) in headers.entries() {
        let _ = copy.append(&name, &value);
    }
    copy
}

fn copy(from: IncomingBody, to: OutgoingBody) -> Result<(), StreamError> {
    let input = from.stream().expect("the stream is taken once");
    let output = to.write().expect("the stream is taken once");
    loop {
        match output.blocking_splice(&input, 64 * 1024) {
            Ok(_) => {}
            Err(StreamError::Closed) => break,
            Err(error) => return Err(error),
        }
    }
    output.blocking_flush()?;
    // The streams are children of the bodies and must go first.
    drop((input, output));
    let trailers = IncomingBody::finish(from);
    trailers.subscribe().block();
    let trailers = match trailers.get() {
        Some(Ok(Ok(trailers))) => trailers,
        _ => None,
    };
    let _ = OutgoingBody::finish(to, trailers);
    Ok(())
}

fn refuse(outparam: ResponseOutparam, problem: &str) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(502).expect("a status that HTTP knows");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    let stream = body.write().expect("the stream is taken once");
    let _ = stream.blocking_write_and_flush(format!("{problem}\n").as_bytes());
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
