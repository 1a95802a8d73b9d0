//! The core bridge: `wasi:io`, clocks, randomness and the HTTP types, implemented inside WebAssembly over the flat
//! host functions of `wasicloud:bridge/exchange`. One instance serves all components of an outer component.

mod bindings {
    #![allow(clippy::all)]
    wit_bindgen::generate!({
        world: "wasicloud:bridge/core",
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
    });
    export!(Core with_types_in self);
    use super::Core;
}

mod clocks;
mod entry;
mod filesystem;
mod host;
mod http;
mod io;
mod plumbing;
mod random;
mod sockets;

/// Small enough to fit into the pages that the data begins: they are there anyway.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: wire::Arena<{ 40 << 10 }> = wire::Arena::new();

/// Implements every exported interface.
struct Core;
