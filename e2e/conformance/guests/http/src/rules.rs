//! The rules of wasi:http that a guest can decide from inside. Most need no help; HT01 reads what the test
//! sent, HT12 a request with or without trailers, HT14 an `authority` of an echo server in the query.

use harness::http::{
    ErrorCode, Fields, IncomingRequest, Method, OutgoingRequest, OutgoingResponse, ResponseOutparam, Scheme,
};
use harness::{ensure, ensure_eq, rule, Broken, Check, Incoming, Query, Rule};

use crate::{fields, outgoing};

const RULES: [Rule; 11] = [
    rule("HT01", "method, target, scheme and authority are the client's", request_line),
    rule("HT02", "incoming headers are immutable, clones are not", fields::immutable),
    rule("HT02b", "fields are a multimap without case, in order", fields::multimap),
    rule("HT03", "forbidden and malformed fields are refused, each by its name", fields::forbidden),
    rule("HT04", "consume, stream, body and write succeed once", once),
    rule("HT09", "a body shorter than its content-length is an error of finish", short_upload),
    rule("HT11", "200 by default; only 100 to 599 can be set", status),
    rule("HT12", "trailers come once, then an error", trailers),
    rule("HT14", "outgoing requests are validated; failures have their names", validation),
    rule("HT14b", "what cannot be reached is an error-code, not a trap", unreachable),
    rule("HT15", "an oversized header set does not end the host", fields::oversized),
];

pub fn answer(request: &IncomingRequest, query: &Query, outparam: ResponseOutparam) {
    if let Some(outparam) = harness::run(request, query, &RULES, outparam) {
        harness::send(outparam, 404, "text/plain", b"no such path\n");
    }
}

/// HT01. `?method=&path=&authority=` say what the test sent (`path` without this query: its raw prefix).
fn request_line(request: &IncomingRequest, query: &Query) -> Check {
    let method = crate::plain::method(&request.method());
    ensure_eq!(method, query.text("method", "GET"), "method");
    let target = request.path_with_query().unwrap_or_default();
    ensure!(target.starts_with(query.text("path", "/")), "path-with-query is {target}");
    ensure!(matches!(request.scheme(), Some(Scheme::Http)), "scheme {:?}", request.scheme());
    let authority = request.authority().unwrap_or_default();
    match query.get("authority") {
        Some(sent) => ensure_eq!(authority, sent, "authority"),
        None => ensure!(!authority.is_empty(), "no authority"),
    }
    Ok(())
}

/// HT04.
fn once(request: &IncomingRequest, _query: &Query) -> Check {
    let Ok(incoming) = request.consume() else {
        return Err(Broken::Skipped("the body was consumed by another rule".into()));
    };
    ensure!(request.consume().is_err(), "a second consume succeeds");
    let stream = incoming.stream();
    ensure!(stream.is_ok(), "the first stream fails");
    ensure!(incoming.stream().is_err(), "a second stream succeeds");

    let response = OutgoingResponse::new(Fields::new());
    let body = response.body();
    ensure!(body.is_ok(), "the first body of a response fails");
    ensure!(response.body().is_err(), "a second body of a response succeeds");
    if let Ok(body) = &body {
        let stream = body.write();
        ensure!(stream.is_ok(), "the first write fails");
        ensure!(body.write().is_err(), "a second write succeeds");
    }
    let request = OutgoingRequest::new(Fields::new());
    ensure!(request.body().is_ok(), "the first body of a request fails");
    ensure!(request.body().is_err(), "a second body of a request succeeds");
    Ok(())
}

/// HT09, upload side: a body that ends early or runs over is an error with the bytes written in it.
fn short_upload(_request: &IncomingRequest, _query: &Query) -> Check {
    let headers = Fields::new();
    ensure!(headers.set("content-length", &[b"10".to_vec()]).is_ok(), "content-length is refused");
    let response = OutgoingResponse::new(headers);
    let body = harness::Body::of(response.body().expect("the body is taken once"));
    ensure!(body.write(b"abc").is_ok(), "three of ten bytes are refused");
    match body.finish(None) {
        Err(ErrorCode::HttpResponseBodySize(Some(3))) => Ok(()),
        other => Err(format!("finish after 3 of 10 bytes said {other:?}").into()),
    }
}

/// HT11.
fn status(_request: &IncomingRequest, _query: &Query) -> Check {
    let response = OutgoingResponse::new(Fields::new());
    ensure_eq!(response.status_code(), 200, "status of a new response");
    for code in [200, 201, 204, 304, 404, 418, 500, 599] {
        ensure!(response.set_status_code(code).is_ok(), "{code} is refused");
        ensure_eq!(response.status_code(), code, "status after it was set");
    }
    for code in [0, 42, 99, 600, 1000, 65535] {
        ensure!(response.set_status_code(code).is_err(), "{code} is accepted");
    }
    ensure_eq!(response.status_code(), 599, "status after refused ones");
    Ok(())
}

/// HT12. `?trailer=NAME` if the test sent one of that name.
fn trailers(request: &IncomingRequest, query: &Query) -> Check {
    let Ok(body) = request.consume() else {
        return Err(Broken::Skipped("the body was consumed by another rule".into()));
    };
    let incoming = Incoming::of(body);
    while let Ok(Some(_)) = incoming.next() {}
    let future = incoming.finish();
    future.subscribe().block();
    match (future.get(), query.get("trailer")) {
        (Some(Ok(Ok(None))), None) => {}
        (Some(Ok(Ok(Some(fields)))), Some(name)) => {
            ensure!(fields.has(name), "no trailer {name}: {:?}", fields.entries());
        }
        (other, expected) => return Err(format!("get said {other:?}, trailer sent: {expected:?}").into()),
    }
    let again = future.get();
    ensure!(matches!(again, Some(Err(()))), "a second get said {again:?}");
    Ok(())
}

/// HT14, what can be judged before anything is sent.
fn validation(_request: &IncomingRequest, _query: &Query) -> Check {
    let request = OutgoingRequest::new(Fields::new());
    ensure!(matches!(request.method(), Method::Get), "the default method is not GET");
    let bad = Method::Other("bad\nmethod".into());
    ensure!(request.set_method(&bad).is_err(), "a method with a newline is accepted");
    let other = Method::Other("PROPFIND".into());
    ensure!(request.set_method(&other).is_ok(), "PROPFIND is refused");
    let bad = Scheme::Other("bad\nscheme".into());
    ensure!(request.set_scheme(Some(&bad)).is_err(), "a scheme with a newline is accepted");
    for authority in ["bad-\nhost", "a b", "host:port:1"] {
        let accepted = request.set_authority(Some(authority)).is_ok();
        ensure!(!accepted, "the authority {authority:?} is accepted");
    }
    for authority in ["[::]:443", "example.com", "127.0.0.1:80"] {
        ensure!(request.set_authority(Some(authority)).is_ok(), "{authority} is refused");
    }
    for path in ["/bad\npath", "/a b"] {
        let accepted = request.set_path_with_query(Some(path)).is_ok();
        ensure!(!accepted, "the path {path:?} is accepted");
    }
    ensure!(request.set_path_with_query(Some("/a?b=c%20d")).is_ok(), "a plain path is refused");
    ensure_eq!(request.path_with_query(), Some("/a?b=c%20d".to_string()), "the path");
    Ok(())
}

/// HT14, what the host finds out: no server here, no such name, a port that is none, a foreign scheme.
fn unreachable(_request: &IncomingRequest, query: &Query) -> Check {
    // Port 1 of this machine: nobody listens there.
    let refused = failure(query.text("refused", "http://127.0.0.1:1/"))?;
    let denied = "HttpRequestDenied";
    ensure!(refused == "ConnectionRefused" || refused == denied, "a port without a server: {refused}");
    let port = failure("http://127.0.0.1:99999/")?;
    ensure!(!port.is_empty(), "port 99999 was reached");
    let scheme = failure("ws://127.0.0.1:1/")?;
    ensure!(scheme == "HttpProtocolError" || scheme == denied, "scheme ws: {scheme}");
    Ok(())
}

/// The name of the error that the request ends with; an answer is a broken rule.
fn failure(url: &str) -> Result<String, Broken> {
    let request = match outgoing::request(&Method::Get, url, Fields::new()) {
        Ok(request) => request,
        Err(problem) => return Ok(problem),
    };
    let outcome = outgoing::dispatch(request, 5000).and_then(|future| outgoing::wait(&future));
    match outcome {
        Ok(response) => Err(format!("{url} answered {}", response.status()).into()),
        Err(code) => Ok(outgoing::name(&code)),
    }
}
