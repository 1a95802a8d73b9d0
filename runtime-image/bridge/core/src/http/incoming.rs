//! What comes from outside: the request being served, and responses to outgoing requests.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use super::{codes, fields, served};
use crate::bindings::exports::wasi::http::types::{self, ErrorCode, Method, Scheme};
use crate::host::{self, Event, Handle};
use crate::io::family::Children;
use crate::io::input::{Input, Origin, Source};
use crate::io::poll::{pollable, Need, Subject};
use wire::RequestHead;

/// Whose trailers end a body.
#[derive(Clone)]
pub enum Owner {
    /// Nobody's: the body came whole.
    Nobody,
    Request(u32),
    Handle(Rc<Handle>),
}

impl Owner {
    fn origin(&self) -> Origin {
        match self {
            Owner::Nobody => Origin::Nothing,
            Owner::Request(number) => Origin::Request(*number),
            Owner::Handle(handle) => Origin::Handle(handle.clone()),
        }
    }
}

/// A body that nobody took yet.
pub struct Parcel {
    bytes: Vec<u8>,
    owner: Owner,
}

impl Parcel {
    pub fn new(bytes: Vec<u8>, owner: Owner) -> Self {
        Self { bytes, owner }
    }

    fn open(self) -> types::IncomingBody {
        let source = Source::new(self.bytes, self.owner.origin());
        types::IncomingBody::new(IncomingBody {
            source: Cell::new(Some(source)),
            owner: self.owner,
            children: Children::default(),
        })
    }
}

pub struct IncomingRequest {
    head: RequestHead,
    headers: OnceCell<fields::Headers>,
    body: Cell<Option<Parcel>>,
}

impl IncomingRequest {
    pub fn new(head: RequestHead, body: Parcel) -> Self {
        Self { head, headers: OnceCell::new(), body: Cell::new(Some(body)) }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The variant of a method's name.
pub fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

impl types::GuestIncomingRequest for IncomingRequest {
    fn method(&self) -> Method {
        method(self.head.method())
    }

    fn path_with_query(&self) -> Option<String> {
        some(self.head.path())
    }

    fn scheme(&self) -> Option<Scheme> {
        match self.head.scheme() {
            "" => None,
            "http" => Some(Scheme::Http),
            "https" => Some(Scheme::Https),
            other => Some(Scheme::Other(other.to_owned())),
        }
    }

    fn authority(&self) -> Option<String> {
        some(self.head.authority())
    }

    fn headers(&self) -> types::Headers {
        let headers = self.headers.get_or_init(|| fields::visible(self.head.headers()));
        fields::resource(headers.clone(), true)
    }

    fn consume(&self) -> Result<types::IncomingBody, ()> {
        self.body.take().map(Parcel::open).ok_or(())
    }
}

pub struct IncomingBody {
    source: Cell<Option<Rc<Source>>>,
    owner: Owner,
    children: Children,
}

impl types::GuestIncomingBody for IncomingBody {
    fn stream(&self) -> Result<types::InputStream, ()> {
        let source = self.source.take().ok_or(())?;
        Ok(Input::resource(source, Some(self.children.adopt())))
    }

    fn finish(this: types::IncomingBody) -> types::FutureTrailers {
        let owner = this.into_inner::<IncomingBody>().owner;
        types::FutureTrailers::new(FutureTrailers {
            ending: Rc::new(Ending { owner, found: RefCell::default() }),
            taken: Cell::new(false),
            children: Children::default(),
        })
    }
}

type Found<T> = Result<T, ErrorCode>;

/// The trailers of a body, once they came.
pub struct Ending {
    owner: Owner,
    found: RefCell<Option<Found<Option<String>>>>,
}

impl Ending {
    fn handle(&self) -> Option<u32> {
        match &self.owner {
            Owner::Nobody => None,
            Owner::Request(number) => served::is_current(*number).then_some(host::SERVED),
            Owner::Handle(handle) => Some(handle.0),
        }
    }

    /// For `poll`. Looking is what makes the host read on.
    pub fn need(&self) -> Need {
        self.look();
        match self.handle() {
            Some(handle) if self.found.borrow().is_none() => Need::Host(handle, Event::Trailers),
            _ => Need::Nothing,
        }
    }

    fn look(&self) {
        let mut found = self.found.borrow_mut();
        if found.is_none() {
            *found = match self.handle() {
                None => Some(Ok(None)),
                Some(handle) => host::trailers(handle).map(|got| got.map_err(codes::code)),
            };
        }
    }
}

pub struct FutureTrailers {
    ending: Rc<Ending>,
    taken: Cell<bool>,
    children: Children,
}

impl types::GuestFutureTrailers for FutureTrailers {
    fn subscribe(&self) -> types::Pollable {
        pollable(Subject::Trailers(self.ending.clone()), Some(self.children.adopt()))
    }

    fn get(&self) -> Option<Result<Found<Option<types::Trailers>>, ()>> {
        if self.taken.get() {
            return Some(Err(()));
        }
        self.ending.look();
        let found = self.ending.found.borrow().clone()?;
        self.taken.set(true);
        let trailers =
            |lines: String| fields::resource(fields::visible(wire::parse_header_lines(&lines)), true);
        Some(Ok(found.map(|lines| lines.map(trailers))))
    }
}

/// The response to an outgoing request, once it came.
pub struct Awaited {
    handle: Rc<Handle>,
    taken: Cell<bool>,
}

impl Awaited {
    /// For `poll`.
    pub fn need(&self) -> Need {
        if self.taken.get() {
            Need::Nothing
        } else {
            Need::Host(self.handle.0, Event::Head)
        }
    }
}

pub struct FutureIncomingResponse {
    awaited: Rc<Awaited>,
    children: Children,
}

impl FutureIncomingResponse {
    pub fn resource(handle: Rc<Handle>) -> types::FutureIncomingResponse {
        let awaited = Awaited { handle, taken: Cell::new(false) };
        types::FutureIncomingResponse::new(Self { awaited: Rc::new(awaited), children: Children::default() })
    }
}

impl types::GuestFutureIncomingResponse for FutureIncomingResponse {
    fn subscribe(&self) -> types::Pollable {
        pollable(Subject::Response(self.awaited.clone()), Some(self.children.adopt()))
    }

    fn get(&self) -> Option<Result<Found<types::IncomingResponse>, ()>> {
        let awaited = &self.awaited;
        if awaited.taken.get() {
            return Some(Err(()));
        }
        let head = host::response_head(awaited.handle.0)?;
        awaited.taken.set(true);
        Some(Ok(head.map_err(codes::code).map(|head| {
            let (status, headers) = wire::parse_response_head(&head);
            let body = Parcel::new(Vec::new(), Owner::Handle(awaited.handle.clone()));
            types::IncomingResponse::new(IncomingResponse {
                status,
                headers: fields::visible(headers),
                body: Cell::new(Some(body)),
            })
        })))
    }
}

pub struct IncomingResponse {
    status: u16,
    headers: fields::Headers,
    body: Cell<Option<Parcel>>,
}

impl types::GuestIncomingResponse for IncomingResponse {
    fn status(&self) -> u16 {
        self.status
    }

    fn headers(&self) -> types::Headers {
        fields::resource(self.headers.clone(), true)
    }

    fn consume(&self) -> Result<types::IncomingBody, ()> {
        self.body.take().map(Parcel::open).ok_or(())
    }
}
