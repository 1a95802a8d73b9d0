//! `wasi:io/streams.input-stream`: bytes that are here, or that the host has.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::family::{Child, Children};
use super::poll::{pollable, Need, Subject};
use super::{error::stream_failed, output::Output};
use crate::bindings::exports::wasi::io::streams::{self, GuestInputStream, StreamError};
use crate::host::{self, Event, Handle, Read};
use crate::http::served;
use crate::Core;
use wire::Fault;

/// Where further bytes come from.
pub enum Origin {
    Nothing,
    /// The body of the request being served, valid while this request is.
    Request(u32),
    Handle(Rc<Handle>),
}

/// The reading end of a body or value; shared by a stream and its pollables.
pub struct Source {
    origin: Origin,
    buffer: RefCell<Vec<u8>>,
    at: Cell<usize>,
    ended: Cell<bool>,
    fault: RefCell<Option<Fault>>,
}

impl Source {
    /// First `bytes`, then what the origin gives.
    pub fn new(bytes: Vec<u8>, origin: Origin) -> Rc<Self> {
        Rc::new(Self {
            ended: Cell::new(matches!(origin, Origin::Nothing)),
            origin,
            buffer: RefCell::new(bytes),
            at: Cell::new(0),
            fault: RefCell::default(),
        })
    }

    /// The host's handle, as long as it means this source.
    fn handle(&self) -> Option<u32> {
        match &self.origin {
            Origin::Nothing => None,
            Origin::Request(number) => served::is_current(*number).then_some(host::SERVED),
            Origin::Handle(handle) => Some(handle.0),
        }
    }

    fn buffered(&self) -> usize {
        self.buffer.borrow().len() - self.at.get()
    }

    /// Ready without the host: bytes, the end or an error.
    fn settled(&self) -> bool {
        self.buffered() > 0 || self.ended.get() || self.fault.borrow().is_some()
    }

    /// Ask the host for bytes unless there are some; false: nothing yet.
    pub fn prefetch(&self, block: bool) -> bool {
        if self.settled() {
            return true;
        }
        let Some(handle) = self.handle() else {
            self.ended.set(true);
            return true;
        };
        match host::read(handle, block) {
            Ok(Read::Wait) => return false,
            Ok(Read::End) => self.ended.set(true),
            Ok(Read::Bytes(bytes)) => {
                self.at.set(0);
                *self.buffer.borrow_mut() = bytes;
            }
            Err(fault) => {
                self.ended.set(true);
                *self.fault.borrow_mut() = Some(fault);
            }
        }
        true
    }

    /// For `poll`.
    pub fn need(&self) -> Need {
        match self.handle() {
            Some(handle) if !self.settled() => Need::Host(handle, Event::Read),
            _ => Need::Nothing,
        }
    }

    fn take(&self, len: u64, block: bool) -> Result<Vec<u8>, StreamError> {
        if len == 0 && !self.settled() {
            return Ok(Vec::new());
        }
        if block && !self.settled() {
            served::hand_over();
        }
        if !self.prefetch(block) {
            return Ok(Vec::new());
        }
        let left = self.buffered();
        if left == 0 {
            return Err(match self.fault.borrow_mut().take() {
                Some(fault) => stream_failed(fault),
                None => StreamError::Closed,
            });
        }
        let mut buffer = self.buffer.borrow_mut();
        let (at, n) = (self.at.get(), left.min(usize::try_from(len).unwrap_or(usize::MAX)));
        if n == buffer.len() {
            return Ok(std::mem::take(&mut *buffer));
        }
        self.at.set(at + n);
        Ok(buffer[at..at + n].to_vec())
    }

    /// Everything to the end; for values that are consumed at once.
    pub fn drain(&self) -> Result<Vec<u8>, Fault> {
        let mut all = Vec::new();
        loop {
            match self.take(u64::MAX, true) {
                Ok(mut bytes) if all.is_empty() => std::mem::swap(&mut all, &mut bytes),
                Ok(bytes) => all.extend_from_slice(&bytes),
                Err(StreamError::Closed) => return Ok(all),
                Err(StreamError::LastOperationFailed(_)) => {
                    return Err(Fault::parse("other:the value could not be read to its end"))
                }
            }
        }
    }
}

/// The resource.
pub struct Input {
    pub source: Rc<Source>,
    // Before the parent: children go first.
    children: Children,
    _parent: Option<Child>,
}

impl Input {
    /// As a resource, child of the body it reads.
    pub fn resource(source: Rc<Source>, parent: Option<Child>) -> streams::InputStream {
        streams::InputStream::new(Self { source, children: Children::default(), _parent: parent })
    }
}

impl GuestInputStream for Input {
    fn read(&self, len: u64) -> Result<Vec<u8>, StreamError> {
        self.source.take(len, false)
    }

    fn blocking_read(&self, len: u64) -> Result<Vec<u8>, StreamError> {
        self.source.take(len, true)
    }

    fn skip(&self, len: u64) -> Result<u64, StreamError> {
        self.read(len).map(|bytes| bytes.len() as u64)
    }

    fn blocking_skip(&self, len: u64) -> Result<u64, StreamError> {
        self.blocking_read(len).map(|bytes| bytes.len() as u64)
    }

    fn subscribe(&self) -> streams::Pollable {
        pollable(Subject::Input(self.source.clone()), Some(self.children.adopt()))
    }
}

impl streams::Guest for Core {
    type InputStream = Input;
    type OutputStream = Output;
}
