//! HTTP as this application needs it: replies, forms, bodies.

use crate::bindings::wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use crate::bindings::wasi::io::streams::{InputStream, StreamError};

const CHUNK: u64 = 64 * 1024;

/// What went wrong, and the status that says so.
pub struct Problem {
    pub status: u16,
    pub text: String,
}

impl Problem {
    pub fn new(status: u16, text: &str) -> Problem {
        Problem { status, text: text.into() }
    }
}

pub enum Content {
    Whole(Vec<u8>),
    Stream(InputStream),
}

pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    content: Content,
}

impl Reply {
    fn new(status: u16, kind: &str, content: Content) -> Reply {
        let headers =
            vec![("content-type", kind.to_string()), ("x-content-type-options", "nosniff".to_string())];
        Reply { status, headers, content }
    }

    pub fn text(status: u16, text: &str) -> Reply {
        Reply::new(status, "text/plain; charset=utf-8", Content::Whole(text.into()))
    }

    pub fn json(text: String) -> Reply {
        Reply::new(200, "application/json", Content::Whole(text.into()))
    }

    /// A page that runs no script but its own.
    pub fn html(text: String) -> Reply {
        let mut reply = Reply::new(200, "text/html; charset=utf-8", Content::Whole(text.into()));
        let policy = "default-src 'none'; img-src 'self'; connect-src 'self'; form-action 'self'; \
                      style-src 'unsafe-inline'; script-src 'unsafe-inline'";
        reply.headers.push(("content-security-policy", policy.into()));
        reply.headers.push(("cache-control", "no-store".into()));
        reply
    }

    pub fn picture(kind: &str, stream: InputStream) -> Reply {
        let mut reply = Reply::new(200, kind, Content::Stream(stream));
        // A picture's name is made for it alone, so it never changes.
        reply.headers.push(("cache-control", "max-age=31536000, immutable".into()));
        reply
    }

    pub fn redirect(to: &str) -> Reply {
        let mut reply = Reply::text(303, "");
        reply.headers.push(("location", to.into()));
        reply
    }
}

/// Sends a reply. An error means that the client is gone: there is nobody left to tell.
pub fn respond(outparam: ResponseOutparam, reply: Reply) {
    let fields = Fields::new();
    for (name, value) in &reply.headers {
        fields.append(name, value.as_bytes()).expect("a plain header is allowed");
    }
    let response = OutgoingResponse::new(fields);
    response.set_status_code(reply.status).expect("a status that HTTP knows");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    if send(&body, &reply.content).is_ok() {
        let _ = OutgoingBody::finish(body, None);
    }
}

fn send(body: &OutgoingBody, content: &Content) -> Result<(), StreamError> {
    let stream = body.write().expect("the stream is taken once");
    match content {
        Content::Whole(data) => {
            for chunk in data.chunks(4096) {
                stream.blocking_write_and_flush(chunk)?;
            }
            Ok(())
        }
        Content::Stream(from) => loop {
            match stream.blocking_splice(from, CHUNK) {
                Ok(_) => {}
                Err(StreamError::Closed) => return stream.blocking_flush(),
                Err(error) => return Err(error),
            }
        },
    }
}

/// The request's body, if it is not larger than `limit`.
pub fn body(request: &IncomingRequest, limit: usize) -> Result<Vec<u8>, Problem> {
    let body = request.consume().expect("the body is taken once");
    let stream = body.stream().expect("the stream is taken once");
    let mut data = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(chunk) => data.extend(chunk),
            Err(StreamError::Closed) => return Ok(data),
            Err(_) => return Err(Problem::new(400, "The upload broke off.")),
        }
        if data.len() > limit {
            return Err(Problem::new(413, &format!("At most {limit} bytes, please.")));
        }
    }
}

/// The first value of a request's header.
pub fn header(request: &IncomingRequest, name: &str) -> String {
    let values = request.headers().get(name);
    values.first().map(|v| String::from_utf8_lossy(v).into_owned()).unwrap_or_default()
}

/// Names and values of `application/x-www-form-urlencoded`.
pub fn form(data: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(data);
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
