//! The capabilities bridge: what a component may reach beyond itself. One instance per component, each with a host
//! import of its own, so that whose links, configuration and identity are meant is a matter of structure.

mod bindings {
    #![allow(clippy::all)]
    wit_bindgen::generate!({
        world: "wasicloud:bridge/capabilities-bridge",
        path: [
            "../../../wit/deps/wasi-io",
            "../../../wit/deps/wasi-clocks",
            "../../../wit/deps/wasi-random",
            "../../../wit/deps/wasi-cli",
            "../../../wit/deps/wasi-filesystem",
            "../../../wit/deps/wasi-sockets",
            "../../../wit/deps/wasi-http",
            "../../../wit/deps/wasi-keyvalue-0.2.0-draft",
            "../../../wit/deps/wasi-keyvalue-0.2.0-draft2",
            "../../../wit/deps/wasi-blobstore",
            "../../../wit/deps/wasi-config-0.2.0-rc.1",
            "../../../wit/deps/wasi-config-0.2.0-draft",
            "../../../wit/deps/wasi-logging",
            "../../../wit/shapes",
            "../../../wit/bridge",
        ],
        generate_all,
    });
    export!(Capabilities with_types_in self);
    use super::Capabilities;
}

mod blobstore;
mod cli;
mod config;
mod http;
mod keyvalue;
mod logging;

use bindings::wasicloud::bridge::{capabilities as host, plumbing};

/// Small enough to fit into the pages that the data begins: they are there anyway.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: wire::Arena<{ 40 << 10 }> = wire::Arena::new();

/// Implements every exported interface.
struct Capabilities;

/// A call that may take a while: nothing that the response was given shall wait for it.
fn remote<T>(call: impl FnOnce() -> T) -> T {
    plumbing::before_host_call();
    call()
}
