//! What a guest makes: responses, requests and their bodies.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{codes, fields, served};
use crate::bindings::exports::wasi::http::types::{self, ErrorCode, Method, Scheme};
use crate::host::{self, Handle};
use crate::io::family::Children;
use crate::io::output::{Output, Quota, Sink, Target};

/// How a body ended.
pub enum End {
    Open,
    /// With these trailers, as header lines.
    Finished(String),
    /// Without being finished: whoever receives it must not take it for whole.
    Dropped,
}

/// A body, shared by the resource and by what it is the body of.
pub struct Body {
    pub sink: Rc<Sink>,
    pub end: RefCell<End>,
    upstream: RefCell<Option<Rc<Handle>>>,
}

impl Body {
    pub fn new(quota: Option<Quota>) -> Rc<Self> {
        let sink = Sink::new(Target::Memory, quota);
        Rc::new(Self { sink, end: RefCell::new(End::Open), upstream: RefCell::default() })
    }

    /// The bytes have somewhere to go now.
    pub fn attach(&self, target: Target) {
        if !matches!(*self.end.borrow(), End::Dropped) {
            self.sink.attach(target);
        }
    }

    /// The length, if nothing of it went out yet, nothing will come, and no trailers follow.
    pub fn complete_length(&self) -> Option<usize> {
        let length = self.sink.buffer().len();
        match &*self.end.borrow() {
            End::Finished(trailers) if trailers.is_empty() && self.sink.given() == length as u64 => {
                Some(length)
            }
            _ => None,
        }
    }

    /// Tell the peer of an outgoing request how the body ended, once both are known.
    fn settle(&self) -> Result<(), ErrorCode> {
        let upstream = self.upstream.borrow();
        let Some(handle) = upstream.as_ref() else { return Ok(()) };
        match &*self.end.borrow() {
            End::Open => {}
            End::Dropped => host::abort(handle.0),
            End::Finished(trailers) => {
                while !self.sink.push(true, true) {}
                if let Some(fault) = self.sink.take_fault() {
                    return Err(codes::code(fault));
                }
                host::finish(handle.0, trailers).map_err(codes::code)?;
            }
        }
        Ok(())
    }
}

pub struct OutgoingBody {
    body: Rc<Body>,
    given_away: Cell<bool>,
    // Last: a living stream traps after the body is known as dropped.
    children: Children,
}

impl OutgoingBody {
    fn resource(body: Rc<Body>) -> types::OutgoingBody {
        types::OutgoingBody::new(Self { body, given_away: Cell::new(false), children: Children::default() })
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        if matches!(*self.body.end.borrow(), End::Open) {
            *self.body.end.borrow_mut() = End::Dropped;
            // Nobody can be told here that telling the peer failed; the response will say it.
            let _ = self.body.settle();
        }
    }
}

impl types::GuestOutgoingBody for OutgoingBody {
    fn write(&self) -> Result<types::OutputStream, ()> {
        if self.given_away.replace(true) {
            return Err(());
        }
        Ok(Output::resource(self.body.sink.clone(), Some(self.children.adopt())))
    }

    fn finish(this: types::OutgoingBody, trailers: Option<types::Trailers>) -> Result<(), ErrorCode> {
        let this = this.into_inner::<OutgoingBody>();
        let sink = &this.body.sink;
        if let Some(quota) = sink.quota().filter(|quota| quota.expected != sink.given()) {
            return Err(codes::code(quota.broken(sink.given())));
        }
        let mut lines = Vec::new();
        if let Some(trailers) = trailers {
            fields::write(&fields::into_entries(trailers).borrow(), &mut lines);
        }
        let lines = String::from_utf8(lines).expect("header lines are text");
        *this.body.end.borrow_mut() = End::Finished(lines);
        this.body.settle()
    }
}

pub struct OutgoingResponse {
    status: Cell<u16>,
    headers: fields::Headers,
    body: RefCell<Option<Rc<Body>>>,
}

impl OutgoingResponse {
    pub fn into_parts(self) -> (u16, fields::Headers, Option<Rc<Body>>) {
        (self.status.get(), self.headers, self.body.into_inner())
    }
}

fn take_body(slot: &RefCell<Option<Rc<Body>>>, quota: Option<Quota>) -> Result<types::OutgoingBody, ()> {
    let mut slot = slot.borrow_mut();
    if slot.is_some() {
        return Err(());
    }
    let body = slot.insert(Body::new(quota));
    Ok(OutgoingBody::resource(body.clone()))
}

fn quota(headers: &fields::Headers, code: &'static str) -> Option<Quota> {
    fields::content_length(&headers.borrow()).map(|expected| Quota { expected, code })
}

impl types::GuestOutgoingResponse for OutgoingResponse {
    fn new(headers: types::Headers) -> Self {
        Self { status: Cell::new(200), headers: fields::into_entries(headers), body: RefCell::default() }
    }

    fn status_code(&self) -> u16 {
        self.status.get()
    }

    fn set_status_code(&self, status: u16) -> Result<(), ()> {
        if !(100..600).contains(&status) {
            return Err(());
        }
        self.status.set(status);
        Ok(())
    }

    fn headers(&self) -> types::Headers {
        fields::resource(self.headers.clone(), true)
    }

    fn body(&self) -> Result<types::OutgoingBody, ()> {
        let quota = quota(&self.headers, "HTTP-response-body-size");
        take_body(&self.body, quota.filter(|_| !served::is_bodiless(self.status.get())))
    }
}

#[derive(Default)]
pub struct RequestOptions {
    connect: Cell<Option<u64>>,
    first_byte: Cell<Option<u64>>,
    between_bytes: Cell<Option<u64>>,
}

impl RequestOptions {
    /// connect, first byte, between bytes; nanoseconds, 0 = not set.
    pub fn timeouts(&self) -> [u64; 3] {
        // A timeout of 0 was asked for: the shortest one that can be said.
        [&self.connect, &self.first_byte, &self.between_bytes].map(|t| t.get().map_or(0, |t| t.max(1)))
    }
}

impl types::GuestRequestOptions for RequestOptions {
    fn new() -> Self {
        Self::default()
    }

    fn connect_timeout(&self) -> Option<u64> {
        self.connect.get()
    }

    fn set_connect_timeout(&self, duration: Option<u64>) -> Result<(), ()> {
        self.connect.set(duration);
        Ok(())
    }

    fn first_byte_timeout(&self) -> Option<u64> {
        self.first_byte.get()
    }

    fn set_first_byte_timeout(&self, duration: Option<u64>) -> Result<(), ()> {
        self.first_byte.set(duration);
        Ok(())
    }

    fn between_bytes_timeout(&self) -> Option<u64> {
        self.between_bytes.get()
    }

    fn set_between_bytes_timeout(&self, duration: Option<u64>) -> Result<(), ()> {
        self.between_bytes.set(duration);
        Ok(())
    }
}

pub struct OutgoingRequest {
    method: RefCell<Method>,
    path: RefCell<Option<String>>,
    scheme: RefCell<Option<Scheme>>,
    authority: RefCell<Option<String>>,
    headers: fields::Headers,
    body: RefCell<Option<Rc<Body>>>,
}

/// An outgoing request as it crosses: its head, the body's bytes so far, and whether more follow.
pub type Parts = (String, Vec<u8>, bool);

impl OutgoingRequest {
    /// What the host needs to send it, or why it cannot be sent.
    pub fn parts(&self) -> Result<Parts, ErrorCode> {
        let path = self.path.borrow().clone().ok_or(ErrorCode::HttpRequestUriInvalid)?;
        let authority = self.authority.borrow().clone().ok_or(ErrorCode::HttpRequestUriInvalid)?;
        let scheme = match &*self.scheme.borrow() {
            Some(Scheme::Http) => "http",
            Some(Scheme::Https) | None => "https",
            Some(Scheme::Other(_)) => return Err(ErrorCode::HttpProtocolError),
        };
        let path = match path.as_bytes().first() {
            Some(b'/' | b'*') => path,
            Some(b'?') | None => format!("/{path}"),
            Some(_) => return Err(ErrorCode::HttpRequestUriInvalid),
        };
        let mut head =
            format!("{}\n{path}\n{scheme}\n{authority}\n", method_name(&self.method.borrow())).into_bytes();
        fields::write(&self.headers.borrow(), &mut head);
        let head = String::from_utf8(head).expect("heads are text");
        let Some(body) = &*self.body.borrow() else {
            return match fields::content_length(&self.headers.borrow()) {
                Some(1..) => Err(ErrorCode::HttpRequestBodySize(Some(0))),
                _ => Ok((head, Vec::new(), false)),
            };
        };
        let more = body.complete_length().is_none();
        Ok((head, body.sink.take_buffer(), more))
    }

    /// It was sent: connect the body, if it did not go along whole.
    pub fn sent(&self, handle: &Rc<Handle>, more: bool) {
        let Some(body) = self.body.borrow().clone().filter(|_| more) else { return };
        body.attach(Target::Request(handle.clone()));
        *body.upstream.borrow_mut() = Some(handle.clone());
        served::hurry(&body.sink);
        // A failure to end the body shows in the response.
        let _ = body.settle();
    }
}

fn method_name(method: &Method) -> &str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => name,
    }
}

fn set<T>(slot: &RefCell<T>, value: T, valid: bool) -> Result<(), ()> {
    if valid {
        *slot.borrow_mut() = value;
    }
    valid.then_some(()).ok_or(())
}

impl types::GuestOutgoingRequest for OutgoingRequest {
    fn new(headers: types::Headers) -> Self {
        Self {
            method: RefCell::new(Method::Get),
            path: RefCell::default(),
            scheme: RefCell::default(),
            authority: RefCell::default(),
            headers: fields::into_entries(headers),
            body: RefCell::default(),
        }
    }

    fn body(&self) -> Result<types::OutgoingBody, ()> {
        take_body(&self.body, quota(&self.headers, "HTTP-request-body-size"))
    }

    fn method(&self) -> Method {
        self.method.borrow().clone()
    }

    fn set_method(&self, method: Method) -> Result<(), ()> {
        let valid = wire::is_token(method_name(&method));
        set(&self.method, method, valid)
    }

    fn path_with_query(&self) -> Option<String> {
        self.path.borrow().clone()
    }

    fn set_path_with_query(&self, path: Option<String>) -> Result<(), ()> {
        let valid = path.as_deref().is_none_or(wire::is_path);
        set(&self.path, path, valid)
    }

    fn scheme(&self) -> Option<Scheme> {
        self.scheme.borrow().clone()
    }

    fn set_scheme(&self, scheme: Option<Scheme>) -> Result<(), ()> {
        let valid = !matches!(&scheme, Some(Scheme::Other(name)) if !wire::is_scheme(name));
        set(&self.scheme, scheme, valid)
    }

    fn authority(&self) -> Option<String> {
        self.authority.borrow().clone()
    }

    fn set_authority(&self, authority: Option<String>) -> Result<(), ()> {
        let valid = authority.as_deref().is_none_or(wire::is_authority);
        set(&self.authority, authority, valid)
    }

    fn headers(&self) -> types::Headers {
        fields::resource(self.headers.clone(), true)
    }
}
