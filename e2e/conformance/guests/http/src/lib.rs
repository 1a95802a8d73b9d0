//! wasi:http from inside: plain behaviours by path, and the rules HT01 to HT19 as far as a guest can see them.

#[allow(warnings)]
mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../../wit/deps/wasi-io",
            "../../../../wit/deps/wasi-clocks",
            "../../../../wit/deps/wasi-random",
            "../../../../wit/deps/wasi-cli",
            "../../../../wit/deps/wasi-http",
            "wit",
        ],
        world: "guests:http/guest",
        with: {
            "wasi:io/error@0.2.12": harness::bindings::wasi::io::error,
            "wasi:io/poll@0.2.12": harness::bindings::wasi::io::poll,
            "wasi:io/streams@0.2.12": harness::bindings::wasi::io::streams,
            "wasi:http/types@0.2.12": harness::bindings::wasi::http::types,
            "wasi:clocks/monotonic-clock@0.2.12": harness::bindings::wasi::clocks::monotonic_clock,
        },
        generate_all,
    });
}

mod faults;
mod fields;
mod limits;
mod outgoing;
mod plain;
mod rules;
mod streaming;

use harness::http::{IncomingRequest, ResponseOutparam};
use harness::{Guest, Query};

struct Http;

impl Guest for Http {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let query = Query::of(&target);
        match query.path.as_str() {
            "/hello" => harness::send(outparam, 200, "text/plain", b"hello\n"),
            "/echo" => streaming::echo(request, outparam),
            "/splice" => streaming::splice(request, outparam),
            "/big" => streaming::big(&query, outparam),
            "/sink" => streaming::sink(&request, &query, outparam),
            "/hash" => streaming::hash(&request, outparam),
            "/slow" => streaming::slow(&query, outparam),
            "/endless" => streaming::endless(&query, outparam),
            "/trailers" => streaming::trailers(request, outparam),

            "/headers" => plain::headers(&request, outparam),
            "/env" => plain::environment(outparam),
            "/log" => plain::log(&query, outparam),
            "/stdin" => plain::stdin(outparam),
            "/status" => plain::status(&query, outparam),
            "/set-header" => plain::set_header(&query, outparam),
            "/before-set" => plain::before_set(outparam),
            "/state" => plain::state(outparam),
            "/sleep" => plain::sleep(&query, outparam),

            "/spin" => limits::spin(&query, outparam),
            "/oom" => limits::exhaust_memory(),
            "/grow" => limits::grow(&query, outparam),
            "/leak" => limits::leak(&query, outparam),

            "/trap" => faults::trap(&query, outparam),
            "/return" => faults::return_without_response(&query, outparam),
            "/error" => faults::error(&query, outparam),
            "/exit" => faults::exit(&query),
            "/unfinished" => faults::unfinished(&query, outparam),
            "/leaked-body" => faults::leaked_body(outparam),
            "/short" => faults::short(outparam),
            "/long" => faults::long(outparam),

            "/proxy" => outgoing::proxy(request, &query, outparam),
            "/double-echo" => outgoing::double_echo(request, &query, outparam),
            "/fanout" => outgoing::fanout(&query, outparam),

            _ => rules::answer(&request, &query, outparam),
        }
    }
}

harness::export!(Http with_types_in harness::bindings);
