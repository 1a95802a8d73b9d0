//! `wasi:logging/logging`.

use crate::bindings::exports::wasi::logging::logging::{Guest, Level};
use crate::{host, Capabilities};

impl Guest for Capabilities {
    fn log(level: Level, context: String, message: String) {
        host::log(level as u32, &context, &message);
    }
}
