//! 103 Early Hints before the answer. A guest of its own: some hosts have no `send-informational` and could
//! not link it into the larger one.

use harness::http::{Fields, IncomingRequest, ResponseOutparam};
use harness::{Guest, Query};

struct EarlyHints;

impl Guest for EarlyHints {
    /// Sends `status` (103) with a `link` header, then 200 with what the host said to that.
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let query = Query::of(&request.path_with_query().unwrap_or_default());
        let hints = Fields::new();
        let link = b"</style.css>; rel=preload".to_vec();
        hints.set("link", &[link]).expect("an allowed header");
        let status = query.number("status", 103) as u16;
        let answer = match outparam.send_informational(status, hints) {
            Ok(()) => "hinted\n".to_string(),
            Err(error) => format!("refused: {error:?}\n"),
        };
        harness::send(outparam, 200, "text/plain", answer.as_bytes());
    }
}

harness::export!(EarlyHints with_types_in harness::bindings);
