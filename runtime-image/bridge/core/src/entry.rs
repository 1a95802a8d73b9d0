//! `wasicloud:bridge/entry`: a request comes in as text, its answer leaves as text.

use crate::bindings::exports::wasicloud::bridge::entry;
use crate::http::incoming::{IncomingRequest, Owner, Parcel};
use crate::http::served::{self, ResponseOutparam};
use crate::Core;
use wire::RequestHead;

impl entry::Guest for Core {
    fn begin(head: String, body: String) -> (entry::IncomingRequest, entry::ResponseOutparam) {
        let head = RequestHead::new(head);
        let number = served::begin(head.method());
        let body = match body.as_str() {
            "s" => Parcel::new(Vec::new(), Owner::Request(number)),
            data => Parcel::new(wire::decode_data(data.as_bytes()), Owner::Nobody),
        };
        (
            entry::IncomingRequest::new(IncomingRequest::new(head, body)),
            entry::ResponseOutparam::new(ResponseOutparam(number)),
        )
    }

    fn end() -> String {
        served::end()
    }
}
