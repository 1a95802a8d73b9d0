//! Heads of requests and responses, and header lines.

use crate::{base64, Header};

/// Marks a value that is base64, because it is not UTF-8. No legal value holds this byte.
const RAW: u8 = 1;

/// Append `name: value\n`.
pub fn write_header_line(name: &str, value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    if std::str::from_utf8(value).is_ok() {
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
    } else {
        out.extend_from_slice(&[b':', RAW]);
        base64::encode(value, out);
    }
    out.push(b'\n');
}

/// The headers of some lines. Lines without a colon do not come from our host; they are passed over.
pub fn parse_header_lines(lines: &str) -> Vec<Header> {
    lines.split('\n').filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Header> {
    let (name, value) = line.split_once(':')?;
    let value = match value.as_bytes().split_first() {
        Some((&RAW, text)) => base64::decode(text)?,
        Some((b' ', text)) => text.to_vec(),
        _ => value.as_bytes().to_vec(),
    };
    Some((name.to_owned(), value))
}

/// Status and headers of `STATUS\nlines\n`; panics when the host broke the protocol.
pub fn parse_response_head(head: &str) -> (u16, Vec<Header>) {
    let (status, lines) = head.split_once('\n').unwrap_or((head, ""));
    (status.parse().expect("a status from the host"), parse_header_lines(lines))
}

/// The head of a request, kept as the text it came in: most guests look at little of it.
#[derive(Default)]
pub struct RequestHead {
    text: String,
    ends: [usize; 4],
}

impl RequestHead {
    /// Find the first four lines.
    pub fn new(text: String) -> Self {
        let mut ends = [text.len(); 4];
        let breaks = text.bytes().enumerate().filter(|(_, c)| *c == b'\n');
        for (end, (at, _)) in ends.iter_mut().zip(breaks) {
            *end = at;
        }
        Self { text, ends }
    }

    fn line(&self, i: usize) -> &str {
        let start = if i == 0 { 0 } else { (self.ends[i - 1] + 1).min(self.text.len()) };
        &self.text[start..self.ends[i].max(start)]
    }

    /// `GET`, `PROPFIND` …
    pub fn method(&self) -> &str {
        self.line(0)
    }

    /// The request target as it was sent.
    pub fn path(&self) -> &str {
        self.line(1)
    }

    /// `http`, `https`, or empty.
    pub fn scheme(&self) -> &str {
        self.line(2)
    }

    /// Whom the request is for, or empty.
    pub fn authority(&self) -> &str {
        self.line(3)
    }

    /// All headers.
    pub fn headers(&self) -> Vec<Header> {
        parse_header_lines(self.text.get(self.ends[3] + 1..).unwrap_or(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_head_in_parts() {
        let head = RequestHead::new("GET\n/a?b\nhttp\nh:1\nX: 1\nx: \nY:  two\n".into());
        assert_eq!(
            (head.method(), head.path(), head.scheme(), head.authority()),
            ("GET", "/a?b", "http", "h:1")
        );
        let expected: Vec<Header> =
            vec![("X".into(), b"1".to_vec()), ("x".into(), vec![]), ("Y".into(), b" two".to_vec())];
        assert_eq!(head.headers(), expected);
    }

    #[test]
    fn a_short_head_has_empty_parts() {
        let head = RequestHead::new("GET\n/".into());
        assert_eq!((head.path(), head.scheme(), head.authority()), ("/", "", ""));
        assert!(head.headers().is_empty());
        assert!(RequestHead::new("GET\n/\nhttp\nh\n".into()).headers().is_empty());
    }

    #[test]
    fn values_that_are_not_text_survive() {
        for value in [&b"caf\xe9"[..], b"", b" padded ", "né".as_bytes(), b"a: b"] {
            let mut out = Vec::new();
            write_header_line("n", value, &mut out);
            let text = String::from_utf8(out).unwrap();
            assert_eq!(parse_header_lines(&text), vec![("n".to_owned(), value.to_vec())]);
        }
    }

    #[test]
    fn a_response_head() {
        let (status, headers) = parse_response_head("204\na: b\n\n");
        assert_eq!((status, headers), (204, vec![("a".into(), b"b".to_vec())]));
    }
}
