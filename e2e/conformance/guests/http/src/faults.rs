//! Ways to get a response wrong.

use std::mem::forget;

use harness::http::{ErrorCode, ResponseOutparam};
use harness::{send, start, Query};

use crate::bindings::wasi::cli;

/// Traps: `when=before` the response is set (default), `after` it is set, or in the `middle` of the body.
pub fn trap(query: &Query, outparam: ResponseOutparam) {
    match query.text("when", "before") {
        "after" => {
            let _body = start(outparam, 200, &[]);
            std::process::abort();
        }
        "middle" => {
            let body = start(outparam, 200, &[("content-type", "text/plain")]);
            let _ = body.write(b"half of the answer\n").and_then(|()| body.flush());
            std::process::abort();
        }
        _ => std::process::abort(),
    }
}

/// Returns without a response; with `leak=1` the outparam is not even dropped.
pub fn return_without_response(query: &Query, outparam: ResponseOutparam) {
    if query.get("leak").is_some() {
        forget(outparam);
    }
}

/// Answers with an error code instead of a response.
pub fn error(query: &Query, outparam: ResponseOutparam) {
    let code = match query.text("code", "internal-error") {
        "DNS-timeout" => ErrorCode::DnsTimeout,
        "destination-not-found" => ErrorCode::DestinationNotFound,
        "connection-refused" => ErrorCode::ConnectionRefused,
        "connection-timeout" => ErrorCode::ConnectionTimeout,
        "HTTP-response-timeout" => ErrorCode::HttpResponseTimeout,
        "HTTP-request-denied" => ErrorCode::HttpRequestDenied,
        "HTTP-protocol-error" => ErrorCode::HttpProtocolError,
        "loop-detected" => ErrorCode::LoopDetected,
        "configuration-error" => ErrorCode::ConfigurationError,
        _ => ErrorCode::InternalError(Some("by request".into())),
    };
    ResponseOutparam::set(outparam, Err(code));
}

/// Ends itself: `code=0` well, others not.
pub fn exit(query: &Query) {
    let status = if query.number("code", 0) == 0 { Ok(()) } else { Err(()) };
    cli::exit::exit(status);
}

/// Drops the body without finishing it, after `bytes` bytes.
pub fn unfinished(query: &Query, outparam: ResponseOutparam) {
    let body = start(outparam, 200, &[("content-type", "text/plain")]);
    let data = vec![b'x'; query.number("bytes", 10) as usize];
    let _ = body.write(&data).and_then(|()| body.flush());
    drop(body);
}

/// Leaves body and stream alive when it returns: a clean end.
pub fn leaked_body(outparam: ResponseOutparam) {
    let body = start(outparam, 200, &[("content-type", "text/plain")]);
    let _ = body.write(b"leaked but complete\n").and_then(|()| body.flush());
    forget(body);
}

/// Announces ten bytes and finishes after three. What `finish` said is on stderr.
pub fn short(outparam: ResponseOutparam) {
    let body = start(outparam, 200, &[("content-length", "10")]);
    let _ = body.write(b"abc").and_then(|()| body.flush());
    let outcome = body.finish(None);
    crate::plain::stderr(&format!("finish said {outcome:?}\n"));
}

/// Announces three bytes and writes ten. What the stream said is on stderr.
pub fn long(outparam: ResponseOutparam) {
    let body = start(outparam, 200, &[("content-length", "3")]);
    let outcome = body.write(b"abcdefghij").and_then(|()| body.flush());
    crate::plain::stderr(&format!("write said {outcome:?}\n"));
    let outcome = body.finish(None);
    crate::plain::stderr(&format!("finish said {outcome:?}\n"));
}

/// A response that says what is missing in the request.
pub fn missing(outparam: ResponseOutparam, parameter: &str) {
    let text = format!("the parameter {parameter} is missing\n");
    send(outparam, 400, "text/plain", text.as_bytes());
}
