//! What every guest shares: the HTTP plumbing, the query string, and the runner of rules.
//!
//! Only what a guest calls ends up among its imports.

#[allow(warnings)]
pub mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../../wit/deps/wasi-io",
            "../../../../wit/deps/wasi-clocks",
            "../../../../wit/deps/wasi-random",
            "../../../../wit/deps/wasi-cli",
            "../../../../wit/deps/wasi-http",
            "wit",
        ],
        world: "guests:harness/harness",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "harness::bindings",
    });
}

mod body;
mod json;
mod query;
mod rules;

pub use bindings::export;
pub use bindings::exports::wasi::http::incoming_handler::Guest;
pub use bindings::wasi::http::types as http;
pub use bindings::wasi::io::{poll, streams};
pub use body::{read_all, send, start, Body, Incoming};
pub use json::{quote, Object};
pub use query::Query;
pub use rules::{rule, run, Broken, Check, Rule};

use bindings::wasi::clocks::{monotonic_clock, wall_clock};

/// Nanoseconds of the monotonic clock.
pub fn now() -> u64 {
    monotonic_clock::now()
}

/// Seconds since 1970 of the wall clock.
pub fn unix_seconds() -> u64 {
    wall_clock::now().seconds
}

/// Waits on the host's clock.
pub fn sleep(milliseconds: u64) {
    monotonic_clock::subscribe_duration(milliseconds * 1_000_000).block();
}

/// A pollable that is ready after so many milliseconds.
pub fn timer(milliseconds: u64) -> poll::Pollable {
    monotonic_clock::subscribe_duration(milliseconds * 1_000_000)
}
