//! `wasi:http/outgoing-handler`: the host sends; who may be reached is its decision.

use crate::bindings::exports::wasi::http::outgoing_handler::{
    ErrorCode, FutureIncomingResponse, Guest, OutgoingRequest, RequestOptions,
};
use crate::{host, plumbing, remote, Capabilities};
use wire::{Answer, Fault};

fn code(fault: Fault) -> ErrorCode {
    plumbing::error_code_named(&format!("{}:{}", fault.code, fault.message))
}

impl Guest for Capabilities {
    fn handle(
        request: OutgoingRequest,
        options: Option<RequestOptions>,
    ) -> Result<FutureIncomingResponse, ErrorCode> {
        let parts = plumbing::take_request_apart(&request, options)?;
        let answer = remote(|| {
            host::http_send(
                &parts.head,
                parts.connect_timeout,
                parts.first_byte_timeout,
                parts.between_bytes_timeout,
                &parts.body,
                parts.more.into(),
            )
        });
        let handle = Answer::handle(answer).map_err(code)?;
        Ok(plumbing::request_sent(request, handle, parts.more))
    }
}
