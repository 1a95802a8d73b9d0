//! What HTTP allows in names, values and the parts of a request (RFC 9110, RFC 3986).

/// Fields that belong to the connection or are made by the host: guests may neither set nor see them.
const FORBIDDEN: [&str; 9] = [
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// RFC 9110 §5.6.2: what methods and field names are made of.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c))
}

/// A field name.
pub fn is_field_name(name: &str) -> bool {
    is_token(name)
}

/// RFC 9110 §5.5: visible characters, space, tab and anything above ASCII.
pub fn is_field_value(value: &[u8]) -> bool {
    value.iter().all(|c| *c == b'\t' || (*c >= 0x20 && *c != 0x7f))
}

/// Whether the field is the host's alone.
pub fn is_forbidden(name: &str) -> bool {
    // Nothing longer or shorter is on the list: most names end here.
    (4..=19).contains(&name.len()) && FORBIDDEN.iter().any(|f| f.eq_ignore_ascii_case(name))
}

/// RFC 3986 §3.1.
pub fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c))
}

/// `host`, `host:port` or `[v6]:port`, with a port that exists. No userinfo: it would end in logs.
pub fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            match rest.strip_prefix(':') {
                Some(port) => ("v6", Some(port)),
                None if rest.is_empty() => ("v6", None),
                None => return false,
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let host_ok = !host.is_empty()
        && host.bytes().all(|c| c.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&c));
    let port_ok = port
        .is_none_or(|p| p.is_empty() || (p.bytes().all(|c| c.is_ascii_digit()) && p.parse::<u16>().is_ok()));
    host_ok && port_ok
}

/// A path with its query, as it stands in a request line: no space, no control character, no fragment.
pub fn is_path(text: &str) -> bool {
    text.bytes().all(|c| c > 0x20 && c != 0x7f && c != b'#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_and_values() {
        assert!(is_field_name("X-Thing_1"));
        for bad in ["", "a b", "a:b", "a\n", "é"] {
            assert!(!is_field_name(bad), "{bad:?}");
        }
        assert!(is_field_value(b"a\tb \xff") && is_field_value(b""));
        for bad in [&b"a\nb"[..], b"\r", b"\0", b"\x7f"] {
            assert!(!is_field_value(bad));
        }
    }

    #[test]
    fn forbidden_in_any_case() {
        assert!(is_forbidden("Host") && is_forbidden("TRANSFER-encoding") && is_forbidden("http2-settings"));
        assert!(!is_forbidden("hosts") && !is_forbidden("content-length") && !is_forbidden(""));
        assert!(FORBIDDEN.iter().all(|f| (4..=19).contains(&f.len())));
    }

    #[test]
    fn authorities() {
        for good in ["localhost", "a.b:80", "[::]:443", "[::1]", "127.0.0.1:0", "a:"] {
            assert!(is_authority(good), "{good}");
        }
        for bad in ["", "bad-\nhost", "a:99999", "a:b", "u@h", "[::", "[zz]:1", "a b", "[::1]x", ":80"] {
            assert!(!is_authority(bad), "{bad:?}");
        }
    }

    #[test]
    fn schemes_and_paths() {
        assert!(is_scheme("https") && is_scheme("a+b.c-1"));
        assert!(!is_scheme("") && !is_scheme("1a") && !is_scheme("bad\nscheme"));
        assert!(is_path("/a?b=c%20d") && is_path("*") && is_path(""));
        assert!(!is_path("/bad\npath") && !is_path("/a b") && !is_path("/a#b"));
    }
}
