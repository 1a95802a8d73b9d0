//! What a request looks like from inside, and answers of every shape.

use std::sync::atomic::{AtomicU64, Ordering};

use harness::http::{Fields, IncomingRequest, Method, OutgoingResponse, ResponseOutparam, Scheme};
use harness::streams::{OutputStream, StreamError};
use harness::{quote, send, start, Body, Object, Query};

use crate::bindings::wasi::cli;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

fn text(outparam: ResponseOutparam, status: u16, text: &str) {
    send(outparam, status, "text/plain", text.as_bytes());
}

/// Method, target, scheme, authority and headers as JSON.
pub fn headers(request: &IncomingRequest, outparam: ResponseOutparam) {
    let scheme = request.scheme().map(|scheme| match scheme {
        Scheme::Http => "HTTP".to_string(),
        Scheme::Https => "HTTPS".to_string(),
        Scheme::Other(name) => name,
    });
    let optional = |value: Option<String>| value.map_or("null".into(), |v| quote(&v));
    let answer = Object::new()
        .text("method", &method(&request.method()))
        .raw("path", &optional(request.path_with_query()))
        .raw("scheme", &optional(scheme))
        .raw("authority", &optional(request.authority()))
        .raw("headers", &entries(&request.headers()))
        .line();
    send(outparam, 200, "application/json", answer.as_bytes());
}

/// A method as a word; the ones without a name of their own as `other:NAME`.
pub fn method(method: &Method) -> String {
    match method {
        Method::Get => "GET".into(),
        Method::Head => "HEAD".into(),
        Method::Post => "POST".into(),
        Method::Put => "PUT".into(),
        Method::Delete => "DELETE".into(),
        Method::Connect => "CONNECT".into(),
        Method::Options => "OPTIONS".into(),
        Method::Trace => "TRACE".into(),
        Method::Patch => "PATCH".into(),
        Method::Other(name) => format!("other:{name}"),
    }
}

/// A JSON list of pairs; a value that is not UTF-8 is `{"hex": "…"}`.
pub fn entries(fields: &Fields) -> String {
    let pairs: Vec<String> = fields
        .entries()
        .into_iter()
        .map(|(name, value)| {
            let value = match String::from_utf8(value) {
                Ok(text) => quote(&text),
                Err(error) => {
                    let digits = error.as_bytes().iter().map(|b| format!("{b:02x}"));
                    format!("{{\"hex\": \"{}\"}}", digits.collect::<String>())
                }
            };
            format!("[{}, {value}]", quote(&name))
        })
        .collect();
    format!("[{}]", pairs.join(", "))
}

/// Environment and arguments as JSON.
pub fn environment(outparam: ResponseOutparam) {
    let mut variables = Object::new();
    for (name, value) in cli::environment::get_environment() {
        variables = variables.text(&name, &value);
    }
    let arguments: Vec<String> =
        cli::environment::get_arguments().iter().map(|argument| quote(argument)).collect();
    let answer = Object::new()
        .raw("environment", variables.line().trim_end())
        .raw("arguments", &format!("[{}]", arguments.join(", ")))
        .line();
    send(outparam, 200, "application/json", answer.as_bytes());
}

/// `text` on stdout and on stderr, `lines` times each.
pub fn log(query: &Query, outparam: ResponseOutparam) {
    let message = query.text("text", "hello from inside");
    for index in 0..query.number("lines", 1) {
        stdout(&format!("stdout {index}: {message}\n"));
        stderr(&format!("stderr {index}: {message}\n"));
    }
    text(outparam, 200, "logged\n");
}

pub fn stdout(text: &str) {
    let _ = print(&cli::stdout::get_stdout(), text);
}

pub fn stderr(text: &str) {
    let _ = print(&cli::stderr::get_stderr(), text);
}

fn print(stream: &OutputStream, text: &str) -> Result<(), StreamError> {
    for chunk in text.as_bytes().chunks(4096) {
        stream.blocking_write_and_flush(chunk)?;
    }
    Ok(())
}

/// How many bytes stdin holds: none.
pub fn stdin(outparam: ResponseOutparam) {
    let stream = cli::stdin::get_stdin();
    let mut bytes = 0;
    while let Ok(data) = stream.blocking_read(4096) {
        bytes += data.len();
    }
    text(outparam, 200, &format!("{bytes}\n"));
}

/// Answers with `code`, and a body of `body`.
pub fn status(query: &Query, outparam: ResponseOutparam) {
    let code = query.number("code", 200) as u16;
    send(outparam, code, "text/plain", query.text("body", "").as_bytes());
}

/// Sets the response headers `name` to `value` (both may repeat), or says which the host refused.
pub fn set_header(query: &Query, outparam: ResponseOutparam) {
    let headers = Fields::new();
    for (name, value) in query.all("name").zip(query.all("value")) {
        if let Err(error) = headers.append(name, value.as_bytes()) {
            return text(outparam, 422, &format!("{name}: {error:?}\n"));
        }
    }
    let response = OutgoingResponse::new(headers);
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    let _ = Body::of(body).finish(None);
}

/// Writes the body before the response is set.
pub fn before_set(outparam: ResponseOutparam) {
    let response = OutgoingResponse::new(Fields::new());
    let body = Body::of(response.body().expect("the body is taken once"));
    let written = body.write(b"written before set\n");
    ResponseOutparam::set(outparam, Ok(response));
    if written.and_then(|()| body.flush()).is_ok() {
        let _ = body.finish(None);
    }
}

/// How many requests this instance has seen, with this one.
pub fn state(outparam: ResponseOutparam) {
    let seen = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    text(outparam, 200, &format!("{seen}\n"));
}

/// Waits `ms` before it answers; with `after=1`, after the head.
pub fn sleep(query: &Query, outparam: ResponseOutparam) {
    let pause = query.number("ms", 1000);
    if query.get("after").is_none() {
        harness::sleep(pause);
        return text(outparam, 200, &format!("slept {pause} ms\n"));
    }
    let body = start(outparam, 200, &[("content-type", "text/plain")]);
    let _ = body.write(b"going to sleep\n").and_then(|()| body.flush());
    harness::sleep(pause);
    if body.write(b"awake\n").and_then(|()| body.flush()).is_ok() {
        let _ = body.finish(None);
    }
}
