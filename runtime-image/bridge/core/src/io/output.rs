//! `wasi:io/streams.output-stream`: bytes on their way to the host, or to memory.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::error::stream_failed;
use super::family::{Child, Children};
use super::input::Input;
use super::poll::{pollable, Need, Subject};
use crate::bindings::exports::wasi::io::streams::{
    self, GuestInputStream, GuestOutputStream, InputStreamBorrow, StreamError,
};
use crate::host::{self, Event, Handle, CHUNK};
use crate::http::served;
use wire::Fault;

/// How many bytes a guest may write before it asks again.
const PERMIT: u64 = CHUNK as u64;
/// The most that `blocking-write-and-flush` takes; the interface says so, and hosts trap beyond.
const BLOCKING_LIMIT: u64 = 4096;
/// A part of a line longer than this goes out without waiting for its end.
const LONG_LINE: usize = 4096;

/// Where the bytes go.
#[derive(Clone)]
pub enum Target {
    /// Nowhere yet: a body that was not attached to anything, or a value in memory.
    Memory,
    /// The response of the request with this number.
    Response(u32),
    /// The body of an outgoing request; flushes are urgent.
    Request(Rc<Handle>),
    /// A host's sink, in large pieces.
    Spool(u32),
    /// A host's sink, by lines.
    Lines(u32),
    /// Nobody reads any more.
    Closed,
}

/// Content-Length accounting of a body.
pub struct Quota {
    pub expected: u64,
    /// `HTTP-request-body-size` or `HTTP-response-body-size`.
    pub code: &'static str,
}

impl Quota {
    /// The error when `given` bytes came.
    pub fn broken(&self, given: u64) -> Fault {
        Fault { code: self.code.into(), message: given.to_string() }
    }
}

/// The writing end, shared by a body, its stream, its pollables and what it is attached to.
pub struct Sink {
    target: RefCell<Target>,
    buffer: RefCell<Vec<u8>>,
    given: Cell<u64>,
    permit: Cell<u64>,
    stalled: Cell<bool>,
    open: Cell<bool>,
    fault: RefCell<Option<Fault>>,
    quota: Option<Quota>,
}

impl Sink {
    pub fn new(target: Target, quota: Option<Quota>) -> Rc<Self> {
        Rc::new(Self {
            target: RefCell::new(target),
            buffer: RefCell::default(),
            given: Cell::new(0),
            permit: Cell::new(PERMIT),
            stalled: Cell::new(false),
            open: Cell::new(false),
            fault: RefCell::default(),
            quota,
        })
    }

    /// Bytes given by the guest since the beginning.
    pub fn given(&self) -> u64 {
        self.given.get()
    }

    /// Whether the guest holds the stream.
    pub fn is_open(&self) -> bool {
        self.open.get()
    }

    pub fn quota(&self) -> Option<&Quota> {
        self.quota.as_ref()
    }

    /// Bytes that did not go out yet.
    pub fn buffer(&self) -> std::cell::Ref<'_, Vec<u8>> {
        self.buffer.borrow()
    }

    pub fn take_buffer(&self) -> Vec<u8> {
        std::mem::take(&mut *self.buffer.borrow_mut())
    }

    /// What a guest would write, without a guest.
    #[cfg(test)]
    pub fn give(&self, bytes: &[u8]) {
        self.given.set(self.given.get() + bytes.len() as u64);
        self.buffer.borrow_mut().extend_from_slice(bytes);
    }

    /// From now on bytes go there.
    pub fn attach(&self, target: Target) {
        *self.target.borrow_mut() = target;
    }

    /// No more bytes; what is left is thrown away.
    pub fn close(&self) {
        self.attach(Target::Closed);
        self.buffer.borrow_mut().clear();
    }

    /// Why the last push failed, for those who are not the stream.
    pub fn take_fault(&self) -> Option<Fault> {
        self.fault.borrow_mut().take()
    }

    /// How many buffered bytes may go: lines wait for their end.
    fn due(&self, all: bool) -> usize {
        let buffer = self.buffer.borrow();
        match *self.target.borrow() {
            Target::Lines(_) if !all && buffer.len() < LONG_LINE => {
                buffer.iter().rposition(|c| *c == b'\n').map_or(0, |i| i + 1)
            }
            _ => buffer.len(),
        }
    }

    /// Hand buffered bytes to the host; false: it cannot take them now.
    pub fn push(&self, block: bool, all: bool) -> bool {
        let handle = match &*self.target.borrow() {
            Target::Memory | Target::Closed => return true,
            Target::Request(handle) => handle.0,
            Target::Spool(handle) | Target::Lines(handle) => *handle,
            // The handle means another request by now.
            Target::Response(number) if !served::is_current(*number) => return true,
            Target::Response(_) => host::SERVED,
        };
        let due = self.due(all);
        if due == 0 {
            self.stalled.set(false);
            return true;
        }
        let mut sent = 0;
        let mut send = || {
            if handle == host::SERVED {
                served::start()?;
            }
            while sent < due {
                let n = (due - sent).min(CHUNK);
                if !host::write(handle, &self.buffer.borrow()[sent..sent + n], block)? {
                    return Ok(false);
                }
                sent += n;
            }
            Ok::<bool, Fault>(true)
        };
        let outcome = send();
        let mut buffer = self.buffer.borrow_mut();
        match outcome {
            Ok(done) => {
                if sent == buffer.len() {
                    buffer.clear();
                } else {
                    buffer.drain(..sent);
                }
                self.stalled.set(!done);
                done
            }
            Err(fault) => {
                buffer.clear();
                self.stalled.set(false);
                *self.fault.borrow_mut() = Some(fault);
                *self.target.borrow_mut() = Target::Closed;
                true
            }
        }
    }

    /// For `poll`: ready when a write would be permitted.
    pub fn need(&self) -> Need {
        if !self.stalled.get() {
            return Need::Nothing;
        }
        match &*self.target.borrow() {
            Target::Request(handle) => Need::Host(handle.0, Event::Write),
            Target::Response(_) => Need::Host(host::SERVED, Event::Write),
            _ => Need::Nothing,
        }
    }

    fn usable(&self) -> Result<(), StreamError> {
        if let Some(fault) = self.take_fault() {
            return Err(stream_failed(fault));
        }
        match &*self.target.borrow() {
            Target::Closed => Err(StreamError::Closed),
            Target::Response(number) if !served::is_current(*number) => Err(StreamError::Closed),
            _ => Ok(()),
        }
    }

    fn check(&self, block: bool) -> Result<u64, StreamError> {
        self.usable()?;
        if (self.stalled.get() || self.full()) && !self.push(block, true) {
            self.permit.set(0);
            return Ok(0);
        }
        self.usable()?;
        self.permit.set(PERMIT);
        Ok(PERMIT)
    }

    /// Enough is there for a crossing of its own.
    fn full(&self) -> bool {
        let len = self.buffer.borrow().len();
        match *self.target.borrow() {
            Target::Memory | Target::Closed => false,
            Target::Lines(_) => len > 0,
            Target::Response(_) | Target::Request(_) => len >= served::LARGE,
            Target::Spool(_) => len >= CHUNK,
        }
    }

    fn write(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        self.usable()?;
        let len = contents.len() as u64;
        let permit = self.permit.get();
        assert!(len <= permit, "write of more than check-write permitted");
        self.permit.set(permit - len);
        let given = self.given.get() + len;
        if let Some(quota) = self.quota.as_ref().filter(|quota| given > quota.expected) {
            self.given.set(given);
            self.close();
            return Err(stream_failed(quota.broken(given)));
        }
        self.given.set(given);
        {
            let mut buffer = self.buffer.borrow_mut();
            if buffer.is_empty() {
                *buffer = contents;
            } else {
                buffer.extend_from_slice(&contents);
            }
        }
        if self.full() {
            self.push(false, false);
        }
        Ok(())
    }

    fn flush(&self, block: bool, lines_too: bool) -> Result<(), StreamError> {
        self.usable()?;
        let target = self.target.borrow().clone();
        match target {
            Target::Response(_) if !served::flush_is_due() => {}
            Target::Spool(_) => {}
            Target::Lines(_) if !lines_too => {}
            _ => drop(self.push(block, true)),
        }
        Ok(())
    }
}

/// The resource.
pub struct Output {
    sink: Rc<Sink>,
    children: Children,
    _parent: Option<Child>,
}

impl Output {
    /// As a resource, child of the body it writes.
    pub fn resource(sink: Rc<Sink>, parent: Option<Child>) -> streams::OutputStream {
        sink.open.set(true);
        streams::OutputStream::new(Self { sink, children: Children::default(), _parent: parent })
    }

    fn permitted(&self, block: bool) -> Result<u64, StreamError> {
        loop {
            let permit = self.sink.check(block)?;
            if permit > 0 || !block {
                return Ok(permit);
            }
        }
    }

    fn write_and_flush(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        assert!(contents.len() as u64 <= BLOCKING_LIMIT, "more than 4096 bytes to blocking-write-and-flush");
        let flush = (contents.len() as u64) < BLOCKING_LIMIT;
        self.permitted(true)?;
        self.sink.write(contents)?;
        // As much as fits is a piece of something larger: it goes out by size, or before the host waits.
        if flush {
            self.sink.flush(true, false)?;
        }
        Ok(())
    }

    fn move_from(&self, input: &Input, len: u64, block: bool) -> Result<u64, StreamError> {
        let permit = self.permitted(block)?.min(len);
        let bytes = if block { input.blocking_read(permit)? } else { input.read(permit)? };
        let moved = bytes.len() as u64;
        if moved > 0 {
            self.sink.write(bytes)?;
        }
        Ok(moved)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.sink.open.set(false);
        if matches!(*self.sink.target.borrow(), Target::Lines(_)) {
            self.sink.push(true, true);
        }
    }
}

impl GuestOutputStream for Output {
    fn check_write(&self) -> Result<u64, StreamError> {
        self.permitted(false)
    }

    fn write(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        self.sink.write(contents)
    }

    fn blocking_write_and_flush(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        self.write_and_flush(contents)
    }

    fn flush(&self) -> Result<(), StreamError> {
        self.sink.flush(false, true)
    }

    fn blocking_flush(&self) -> Result<(), StreamError> {
        self.sink.flush(true, true)?;
        self.sink.usable()
    }

    fn subscribe(&self) -> streams::Pollable {
        pollable(Subject::Output(self.sink.clone()), Some(self.children.adopt()))
    }

    fn write_zeroes(&self, len: u64) -> Result<(), StreamError> {
        assert!(len <= self.sink.permit.get(), "write of more than check-write permitted");
        self.sink.write(vec![0; len as usize])
    }

    fn blocking_write_zeroes_and_flush(&self, len: u64) -> Result<(), StreamError> {
        assert!(len <= BLOCKING_LIMIT, "more than 4096 bytes to blocking-write-zeroes-and-flush");
        self.write_and_flush(vec![0; len as usize])
    }

    fn splice(&self, src: InputStreamBorrow<'_>, len: u64) -> Result<u64, StreamError> {
        self.move_from(src.get::<Input>(), len, false)
    }

    fn blocking_splice(&self, src: InputStreamBorrow<'_>, len: u64) -> Result<u64, StreamError> {
        self.move_from(src.get::<Input>(), len, true)
    }
}
