//! Bodies both ways: streams that read and write whole buffers, whatever the host permits at once.

use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, FutureTrailers, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse,
    ResponseOutparam,
};
use crate::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};

const CHUNK: u64 = 64 * 1024;

/// An outgoing body with its stream. Dropping it without `finish` breaks the body on purpose.
pub struct Body {
    // Fields drop in this order: the stream is a child of the body.
    pub stream: OutputStream,
    pub body: OutgoingBody,
}

impl Body {
    pub fn of(body: OutgoingBody) -> Body {
        let stream = body.write().expect("the stream is taken once");
        Body { stream, body }
    }

    /// Writes all of it, as much at once as the host permits.
    pub fn write(&self, mut data: &[u8]) -> Result<(), StreamError> {
        while !data.is_empty() {
            let permit = self.stream.check_write()? as usize;
            if permit == 0 {
                self.stream.subscribe().block();
                continue;
            }
            let (now, later) = data.split_at(permit.min(data.len()));
            self.stream.write(now)?;
            data = later;
        }
        Ok(())
    }

    pub fn flush(&self) -> Result<(), StreamError> {
        self.stream.blocking_flush()
    }

    pub fn finish(self, trailers: Option<Fields>) -> Result<(), ErrorCode> {
        let Body { stream, body } = self;
        drop(stream);
        OutgoingBody::finish(body, trailers)
    }
}

/// An incoming body with its stream.
pub struct Incoming {
    stream: InputStream,
    body: IncomingBody,
}

impl Incoming {
    pub fn of(body: IncomingBody) -> Incoming {
        let stream = body.stream().expect("the stream is taken once");
        Incoming { stream, body }
    }

    pub fn request(request: &IncomingRequest) -> Incoming {
        Incoming::of(request.consume().expect("the body is taken once"))
    }

    pub fn stream(&self) -> &InputStream {
        &self.stream
    }

    /// The next bytes; none at the end.
    pub fn next(&self) -> Result<Option<Vec<u8>>, StreamError> {
        match self.stream.blocking_read(CHUNK) {
            Ok(data) => Ok(Some(data)),
            Err(StreamError::Closed) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The future of the trailers, which ends the body.
    pub fn finish(self) -> FutureTrailers {
        let Incoming { stream, body } = self;
        drop(stream);
        IncomingBody::finish(body)
    }
}

/// The whole request body.
pub fn read_all(request: &IncomingRequest) -> Result<Vec<u8>, StreamError> {
    let incoming = Incoming::request(request);
    let mut all = Vec::new();
    while let Some(data) = incoming.next()? {
        all.extend_from_slice(&data);
    }
    Ok(all)
}

/// Starts a response and gives its body.
pub fn start(outparam: ResponseOutparam, status: u16, headers: &[(&str, &str)]) -> Body {
    let fields = Fields::new();
    for (name, value) in headers {
        fields.append(name, value.as_bytes()).expect("a header that is allowed");
    }
    let response = OutgoingResponse::new(fields);
    response.set_status_code(status).expect("a valid status");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    Body::of(body)
}

/// A whole response. A client that is gone is nobody's fault here.
pub fn send(outparam: ResponseOutparam, status: u16, content_type: &str, data: &[u8]) {
    let body = start(outparam, status, &[("content-type", content_type)]);
    if body.write(data).and_then(|()| body.flush()).is_ok() {
        let _ = body.finish(None);
    }
}
