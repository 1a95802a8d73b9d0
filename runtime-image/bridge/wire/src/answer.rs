//! **answer**: what a host function gives back.

/// An error as the host writes it: a code, and a message or payload that may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name of the error.
    pub code: String,
    /// What followed the colon.
    pub message: String,
}

impl Fault {
    /// From `code` or `code:message`.
    pub fn parse(text: &str) -> Self {
        let (code, message) = text.split_once(':').unwrap_or((text, ""));
        Self { code: code.into(), message: message.into() }
    }

    /// For interfaces whose errors are one string.
    pub fn text(self) -> String {
        match (self.code.as_str(), self.message.is_empty()) {
            (_, true) => self.code,
            ("other", false) => self.message,
            (_, false) => format!("{}: {}", self.code, self.message),
        }
    }
}

/// The answer of a host function.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// `o`, with its payload.
    Ok(String),
    /// `n`: none, no, end.
    None,
    /// `w`: it would have to wait.
    Wait,
    /// `c`, with its payload: somebody else changed it.
    Changed(String),
}

impl Answer {
    /// Read an answer; `e` is the error. Panics when the host broke the protocol.
    pub fn parse(mut text: String) -> Result<Self, Fault> {
        let tag = text.as_bytes().first().copied();
        match tag {
            Some(b'o') => {
                text.remove(0);
                Ok(Self::Ok(text))
            }
            Some(b'n') => Ok(Self::None),
            Some(b'w') => Ok(Self::Wait),
            Some(b'c') => Ok(Self::Changed(text.split_off(1))),
            Some(b'e') => Err(Fault::parse(&text[1..])),
            _ => panic!("an answer from the host"),
        }
    }

    /// The payload where only `o` and `e` make sense.
    pub fn payload(text: String) -> Result<String, Fault> {
        match Self::parse(text)? {
            Self::Ok(payload) => Ok(payload),
            _ => panic!("an answer from the host"),
        }
    }

    /// The payload of `o`, nothing for `n`.
    pub fn optional(text: String) -> Result<Option<String>, Fault> {
        match Self::parse(text)? {
            Self::Ok(payload) => Ok(Some(payload)),
            Self::None => Ok(None),
            _ => panic!("an answer from the host"),
        }
    }

    /// The handle of `o`.
    pub fn handle(text: String) -> Result<u32, Fault> {
        Ok(Self::payload(text)?.parse().expect("a handle from the host"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        assert_eq!(Answer::parse("ouabc".into()), Ok(Answer::Ok("uabc".into())));
        assert_eq!(Answer::parse("n".into()), Ok(Answer::None));
        assert_eq!(Answer::parse("w".into()), Ok(Answer::Wait));
        assert_eq!(Answer::parse("c12".into()), Ok(Answer::Changed("12".into())));
        assert_eq!(Answer::handle("o7".into()), Ok(7));
    }

    #[test]
    fn errors() {
        let fault = Answer::payload("eother:down: try later".into()).unwrap_err();
        assert_eq!(fault.text(), "down: try later");
        let fault = Answer::payload("eno-such-store".into()).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.message.as_str()), ("no-such-store", ""));
        assert_eq!(fault.text(), "no-such-store");
    }
}
