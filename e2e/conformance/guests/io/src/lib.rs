//! What every toolchain leans on: polls, streams, clocks, random numbers, the environment, standard streams,
//! and the files and sockets that are not there.

#[allow(warnings)]
mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../../wit/deps/wasi-io",
            "../../../../wit/deps/wasi-clocks",
            "../../../../wit/deps/wasi-random",
            "../../../../wit/deps/wasi-filesystem",
            "../../../../wit/deps/wasi-sockets",
            "../../../../wit/deps/wasi-cli",
            "wit",
        ],
        world: "guests:io/guest",
        with: {
            "wasi:io/error@0.2.12": harness::bindings::wasi::io::error,
            "wasi:io/poll@0.2.12": harness::bindings::wasi::io::poll,
            "wasi:io/streams@0.2.12": harness::bindings::wasi::io::streams,
        },
        generate_all,
    });
}

mod streams;
mod surroundings;
mod time;

use harness::http::{IncomingRequest, ResponseOutparam};
use harness::{rule, Guest, Query, Rule};

const RULES: [Rule; 14] = [
    rule("IO01", "poll gives every ready index, and waits for the first", time::poll_many),
    rule("IO02", "a pollable may be asked any number of times", time::poll_again),
    rule("IO03", "poll of nothing ends the instance", time::poll_nothing),
    rule(
        "IO04",
        "a body's stream reads at least a byte when it blocks, none for none, and then is closed",
        streams::input,
    ),
    rule("IO05", "a permit is honoured, a write beyond it ends the instance", streams::permit),
    rule("IO06", "flush and zeroes leave the stream usable", streams::flush),
    rule("CL01", "the monotonic clock never goes back, and waits as long as it is told", time::monotonic),
    rule("CL02", "an instant in the past and a duration of nothing are ready at once", time::past),
    rule("CL03", "the wall clock is of this century, with nanoseconds below a second", time::wall),
    rule("RA01", "random bytes come as many as asked, and differ", surroundings::random),
    rule("CI01", "standard streams take what is written, stdin ends at once", surroundings::standard),
    rule("CI02", "no terminal is there", surroundings::terminals),
    rule("CI03", "no folder is open", surroundings::folders),
    rule("CI04", "sockets are denied, not missing", surroundings::sockets),
];

struct Io;

impl Guest for Io {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let query = Query::of(&request.path_with_query().unwrap_or_default());
        if let Some(outparam) = harness::run(&request, &query, &RULES, outparam) {
            harness::send(outparam, 404, "text/plain", b"no such path\n");
        }
    }
}

harness::export!(Io with_types_in harness::bindings);
