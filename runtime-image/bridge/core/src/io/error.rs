//! `wasi:io/error`: why a stream failed, with the HTTP code if it was HTTP's.

use crate::bindings::exports::wasi::http::types::ErrorCode;
use crate::bindings::exports::wasi::io::{error, streams};
use crate::{http::codes, Core};
use wire::Fault;

pub struct IoError {
    text: String,
    code: Option<ErrorCode>,
}

impl IoError {
    /// The code for `wasi:http/types.http-error-code`.
    pub fn code(&self) -> Option<ErrorCode> {
        self.code.clone()
    }
}

impl error::GuestError for IoError {
    fn to_debug_string(&self) -> String {
        self.text.clone()
    }
}

impl error::Guest for Core {
    type Error = IoError;
}

/// The stream error for what the host said.
pub fn stream_failed(fault: Fault) -> streams::StreamError {
    let error = IoError { code: codes::find(&fault), text: fault.text() };
    streams::StreamError::LastOperationFailed(error::Error::new(error))
}
