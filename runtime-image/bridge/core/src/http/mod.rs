//! `wasi:http/types`: fields, the request being served, its response, and outgoing requests.

pub mod codes;
pub mod fields;
pub mod incoming;
pub mod outgoing;
pub mod served;

use crate::bindings::exports::wasi::http::types;
use crate::{io::error::IoError, Core};

impl types::Guest for Core {
    type Fields = fields::Fields;
    type IncomingRequest = incoming::IncomingRequest;
    type OutgoingRequest = outgoing::OutgoingRequest;
    type RequestOptions = outgoing::RequestOptions;
    type ResponseOutparam = served::ResponseOutparam;
    type IncomingResponse = incoming::IncomingResponse;
    type IncomingBody = incoming::IncomingBody;
    type FutureTrailers = incoming::FutureTrailers;
    type OutgoingResponse = outgoing::OutgoingResponse;
    type OutgoingBody = outgoing::OutgoingBody;
    type FutureIncomingResponse = incoming::FutureIncomingResponse;

    fn http_error_code(err: types::IoErrorBorrow<'_>) -> Option<types::ErrorCode> {
        err.get::<IoError>().code()
    }
}
