//! Entries and counts in `wasi:keyvalue`. An entry's number comes from a counter, so that replicas never share one;
//! its fields are lines, in which a line break is written `\n`.

use crate::bindings::wasi::clocks::wall_clock;
use crate::bindings::wasi::keyvalue::store::{self, Bucket, Error};
use crate::bindings::wasi::keyvalue::{atomics, batch};
use crate::web::Problem;

const SHOWN: u64 = 20;

pub struct Entry {
    pub id: u64,
    pub seconds: u64,
    pub name: String,
    pub message: String,
    /// Empty if there is none.
    pub picture: String,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let text = match error {
            Error::NoSuchStore => "no Link serves the store \"guestbook\"".into(),
            Error::AccessDenied => "the Link does not allow the store \"guestbook\"".into(),
            Error::Other(message) => message,
        };
        Problem::new(502, &format!("The entries cannot be reached: {text}"))
    }
}

fn bucket() -> Result<Bucket, Error> {
    store::open("guestbook")
}

/// Counts a visit; gives the number of all.
pub fn visit() -> Result<u64, Problem> {
    Ok(atomics::increment(&bucket()?, "visits", 1)?)
}

/// Writes an entry down.
pub fn add(name: String, message: String, picture: String) -> Result<Entry, Problem> {
    let bucket = bucket()?;
    let id = atomics::increment(&bucket, "entries", 1)?;
    let seconds = wall_clock::now().seconds;
    let entry = Entry { id, seconds, name, message, picture };
    bucket.set(&key(id), entry.lines().as_bytes())?;
    Ok(entry)
}

/// The latest entries, newest first. One that is being written this moment may be missing.
pub fn latest() -> Result<Vec<Entry>, Problem> {
    let bucket = bucket()?;
    let last = atomics::increment(&bucket, "entries", 0)?;
    let ids: Vec<u64> = (last.saturating_sub(SHOWN) + 1..=last).rev().collect();
    let keys: Vec<String> = ids.iter().map(|id| key(*id)).collect();
    let found = batch::get_many(&bucket, &keys)?;
    Ok(ids.iter().zip(found).filter_map(|(id, value)| Entry::of(*id, &value?.1)).collect())
}

fn key(id: u64) -> String {
    format!("entry:{id}")
}

impl Entry {
    fn lines(&self) -> String {
        let escape = |text: &str| text.replace('\\', "\\\\").replace('\r', "").replace('\n', "\\n");
        format!("{}\n{}\n{}\n{}", self.seconds, self.picture, escape(&self.name), escape(&self.message))
    }

    /// None if another program wrote something else under the key.
    fn of(id: u64, data: &[u8]) -> Option<Entry> {
        let text = String::from_utf8_lossy(data);
        let mut lines = text.splitn(4, '\n');
        let mut line = || lines.next().map(unescape);
        Some(Entry { id, seconds: line()?.parse().ok()?, picture: line()?, name: line()?, message: line()? })
    }

    pub fn json(&self) -> String {
        format!(
            "{{\"id\": {}, \"seconds\": {}, \"name\": {}, \"message\": {}, \"picture\": {}}}",
            self.id,
            self.seconds,
            quote(&self.name),
            quote(&self.message),
            quote(&self.picture)
        )
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            (other, false) => out.push(other),
        }
    }
    out
}

fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
