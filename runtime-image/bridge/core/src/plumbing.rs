//! `wasicloud:bridge/plumbing`: streams and HTTP types for the capabilities bridges.

use std::cell::RefCell;
use std::rc::Rc;

use crate::bindings::exports::wasicloud::bridge::plumbing::{
    self, ErrorCode, FutureIncomingResponse, InputStream, OutgoingRequest, OutgoingRequestBorrow,
    OutputStream, RequestOptions, RequestParts,
};
use crate::host::Handle;
use crate::http::{codes, incoming, outgoing, served};
use crate::io::input::{Input, Origin, Source};
use crate::io::output::{Output, Sink, Target};
use crate::Core;
use wire::Fault;

thread_local! {
    static SINKS: RefCell<Vec<Option<Rc<Sink>>>> = const { RefCell::new(Vec::new()) };
}

fn keep(sink: Rc<Sink>) -> u32 {
    SINKS.with_borrow_mut(|sinks| {
        let free = sinks.iter().position(Option::is_none);
        let token = free.unwrap_or_else(|| {
            sinks.push(None);
            sinks.len() - 1
        });
        sinks[token] = Some(sink);
        token as u32
    })
}

fn sink(token: u32) -> Rc<Sink> {
    SINKS.with_borrow(|sinks| sinks[token as usize].clone()).expect("a token that was given out")
}

fn new_output(target: Target) -> (OutputStream, u32) {
    let sink = Sink::new(target, None);
    (Output::resource(sink.clone(), None), keep(sink))
}

impl plumbing::Guest for Core {
    fn input_from_bytes(bytes: Vec<u8>) -> InputStream {
        Input::resource(Source::new(bytes, Origin::Nothing), None)
    }

    fn input_from_handle(handle: u32) -> InputStream {
        Input::resource(Source::new(Vec::new(), Origin::Handle(Rc::new(Handle(handle)))), None)
    }

    fn input_closed() -> InputStream {
        Self::input_from_bytes(Vec::new())
    }

    fn bytes_of_handle(handle: u32) -> Result<Vec<u8>, String> {
        let source = Source::new(Vec::new(), Origin::Handle(Rc::new(Handle(handle))));
        source.drain().map_err(Fault::text)
    }

    fn output_to_lines(handle: u32) -> OutputStream {
        let sink = Sink::new(Target::Lines(handle), None);
        served::hurry(&sink);
        Output::resource(sink, None)
    }

    fn output_to_spool(handle: u32) -> (OutputStream, u32) {
        new_output(Target::Spool(handle))
    }

    fn output_to_memory() -> (OutputStream, u32) {
        new_output(Target::Memory)
    }

    fn output_bytes(token: u32) -> Vec<u8> {
        sink(token).buffer().clone()
    }

    fn output_flush(token: u32) -> Result<u64, String> {
        let sink = sink(token);
        while !sink.push(true, true) {}
        match sink.take_fault() {
            Some(fault) => Err(fault.text()),
            None => Ok(sink.given()),
        }
    }

    fn output_alive(token: u32) -> bool {
        sink(token).is_open()
    }

    fn output_release(token: u32) {
        if let Some(sink) = SINKS.with_borrow_mut(|sinks| sinks[token as usize].take()) {
            sink.close();
        }
    }

    fn take_request_apart(
        request: OutgoingRequestBorrow<'_>,
        options: Option<RequestOptions>,
    ) -> Result<RequestParts, ErrorCode> {
        let timeouts = options.map(|options| options.get::<outgoing::RequestOptions>().timeouts());
        let [connect_timeout, first_byte_timeout, between_bytes_timeout] = timeouts.unwrap_or_default();
        let (head, body, more) = request.get::<outgoing::OutgoingRequest>().parts()?;
        let body = wire::encode_data(&body);
        Ok(RequestParts { head, connect_timeout, first_byte_timeout, between_bytes_timeout, body, more })
    }

    fn request_sent(request: OutgoingRequest, handle: u32, more: bool) -> FutureIncomingResponse {
        let handle = Rc::new(Handle(handle));
        request.get::<outgoing::OutgoingRequest>().sent(&handle, more);
        incoming::FutureIncomingResponse::resource(handle)
    }

    fn error_code_named(name: String) -> ErrorCode {
        codes::code(Fault::parse(&name))
    }

    fn before_host_call() {
        served::hand_over();
    }
}
