//! Responses: a line of text, or a body that streams.

use crate::bindings::wasi::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use crate::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};

/// A response's body. Dropped without `finish` it breaks off, which the client sees.
pub struct Body {
    // Fields drop in this order: the stream is a child of the body.
    stream: OutputStream,
    body: OutgoingBody,
}

/// Starts a response; none if its body cannot be had.
pub fn start(outparam: ResponseOutparam, status: u16, headers: &[(&str, &str)]) -> Option<Body> {
    let fields = Fields::new();
    for (name, value) in headers {
        fields.append(name, value.as_bytes()).expect("a plain header is allowed");
    }
    let response = OutgoingResponse::new(fields);
    response.set_status_code(status).expect("a status that HTTP knows");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    let stream = body.write().ok()?;
    Some(Body { stream, body })
}

/// A whole response of one line.
pub fn text(outparam: ResponseOutparam, status: u16, text: &str) {
    let headers = [("content-type", "text/plain; charset=utf-8")];
    if let Some(body) = start(outparam, status, &headers) {
        if body.stream.blocking_write_and_flush(text.as_bytes()).is_ok() {
            body.finish();
        }
    }
}

impl Body {
    /// Everything that the stream has; the host moves it.
    pub fn copy(&self, from: &InputStream) -> Result<(), StreamError> {
        loop {
            match self.stream.blocking_splice(from, 64 * 1024) {
                Ok(_) => {}
                Err(StreamError::Closed) => return self.stream.blocking_flush(),
                Err(error) => return Err(error),
            }
        }
    }

    pub fn finish(self) {
        let Body { stream, body } = self;
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}
