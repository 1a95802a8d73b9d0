//! The encodings of `wit/bridge/README.md`: data, answers, lists, heads. Nothing here knows WebAssembly,
//! so `cargo test -p wasicloud-bridge-wire` runs on any machine.

mod answer;
mod arena;
mod base64;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod base64_simd;
mod data;
mod head;
mod list;
mod rules;

pub use answer::{Answer, Fault};
pub use arena::Arena;
pub use base64::{decode as decode_base64, encode as encode_base64};
pub use data::{decode_data, encode_data, encode_data_into};
pub use head::{parse_header_lines, parse_response_head, write_header_line, RequestHead};
pub use list::{ListReader, ListWriter};
pub use rules::{is_authority, is_field_name, is_field_value, is_forbidden, is_path, is_scheme, is_token};

/// One header: a name as it was written, and its value.
pub type Header = (String, Vec<u8>);
