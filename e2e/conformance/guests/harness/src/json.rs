//! Just enough JSON to write answers.

/// A JSON string.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A JSON object in the order in which its members are added.
#[derive(Default)]
pub struct Object(String);

impl Object {
    pub fn new() -> Object {
        Object::default()
    }

    /// A member whose value is JSON already.
    pub fn raw(mut self, name: &str, value: &str) -> Object {
        self.0.push_str(if self.0.is_empty() { "" } else { ", " });
        self.0.push_str(&format!("{}: {value}", quote(name)));
        self
    }

    pub fn text(self, name: &str, value: &str) -> Object {
        self.raw(name, &quote(value))
    }

    pub fn number(self, name: &str, value: u64) -> Object {
        self.raw(name, &value.to_string())
    }

    /// The object on a line of its own.
    pub fn line(self) -> String {
        format!("{{{}}}\n", self.0)
    }
}
