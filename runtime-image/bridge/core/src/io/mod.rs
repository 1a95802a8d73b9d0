//! `wasi:io`: errors, pollables and streams.

pub mod error;
pub mod family;
pub mod input;
pub mod nobody;
pub mod output;
pub mod poll;
