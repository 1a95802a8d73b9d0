//! The names of `error-code`, as WIT spells them and as they cross.

use crate::bindings::exports::wasi::http::types::{
    DnsErrorPayload, ErrorCode, FieldSizePayload, TlsAlertReceivedPayload,
};
use wire::Fault;

/// Codes without payload, with a number, with a text and with a field's size; the four need different reading.
macro_rules! codes {
    (plain { $($pn:literal $p:ident,)* } number { $($nn:literal $n:ident,)* }
     text { $($tn:literal $t:ident,)* } field { $($fn:literal $f:ident,)* }) => {
        /// The code with this name; `None` if HTTP knows no such error.
        pub fn find(fault: &Fault) -> Option<ErrorCode> {
            let message = || Some(fault.message.clone()).filter(|m| !m.is_empty());
            Some(match fault.code.as_str() {
                $($pn => ErrorCode::$p,)*
                $($nn => ErrorCode::$n(fault.message.parse().ok()),)*
                $($tn => ErrorCode::$t(message()),)*
                $($fn => ErrorCode::$f(field_size(&fault.message)),)*
                "HTTP-request-header-size" => {
                    ErrorCode::HttpRequestHeaderSize(message().map(|m| field_size(&m)))
                }
                "DNS-error" => {
                    let (rcode, code) = fault.message.split_once(':').unwrap_or((&fault.message, ""));
                    ErrorCode::DnsError(DnsErrorPayload { rcode: some(rcode), info_code: code.parse().ok() })
                }
                "TLS-alert-received" => {
                    let (id, text) = fault.message.split_once(':').unwrap_or((&fault.message, ""));
                    ErrorCode::TlsAlertReceived(TlsAlertReceivedPayload {
                        alert_id: id.parse().ok(), alert_message: some(text),
                    })
                }
                _ => return None,
            })
        }

        /// `code` or `code:payload`.
        pub fn write(code: &ErrorCode) -> String {
            match code {
                $(ErrorCode::$p => $pn.into(),)*
                $(ErrorCode::$n(n) => join($nn, &number(n)),)*
                $(ErrorCode::$t(text) => join($tn, text.as_deref().unwrap_or("")),)*
                $(ErrorCode::$f(size) => join($fn, &write_size(size)),)*
                ErrorCode::HttpRequestHeaderSize(size) => {
                    join("HTTP-request-header-size", &size.as_ref().map(write_size).unwrap_or_default())
                }
                ErrorCode::DnsError(e) => {
                    join("DNS-error", &format!("{}:{}", e.rcode.as_deref().unwrap_or(""), number(&e.info_code)))
                }
                ErrorCode::TlsAlertReceived(e) => join(
                    "TLS-alert-received",
                    &format!("{}:{}", number(&e.alert_id), e.alert_message.as_deref().unwrap_or("")),
                ),
            }
        }
    };
}

codes! {
    plain {
        "DNS-timeout" DnsTimeout,
        "destination-not-found" DestinationNotFound,
        "destination-unavailable" DestinationUnavailable,
        "destination-IP-prohibited" DestinationIpProhibited,
        "destination-IP-unroutable" DestinationIpUnroutable,
        "connection-refused" ConnectionRefused,
        "connection-terminated" ConnectionTerminated,
        "connection-timeout" ConnectionTimeout,
        "connection-read-timeout" ConnectionReadTimeout,
        "connection-write-timeout" ConnectionWriteTimeout,
        "connection-limit-reached" ConnectionLimitReached,
        "TLS-protocol-error" TlsProtocolError,
        "TLS-certificate-error" TlsCertificateError,
        "HTTP-request-denied" HttpRequestDenied,
        "HTTP-request-length-required" HttpRequestLengthRequired,
        "HTTP-request-method-invalid" HttpRequestMethodInvalid,
        "HTTP-request-URI-invalid" HttpRequestUriInvalid,
        "HTTP-request-URI-too-long" HttpRequestUriTooLong,
        "HTTP-response-incomplete" HttpResponseIncomplete,
        "HTTP-response-timeout" HttpResponseTimeout,
        "HTTP-upgrade-failed" HttpUpgradeFailed,
        "HTTP-protocol-error" HttpProtocolError,
        "loop-detected" LoopDetected,
        "configuration-error" ConfigurationError,
    }
    number {
        "HTTP-request-body-size" HttpRequestBodySize,
        "HTTP-request-header-section-size" HttpRequestHeaderSectionSize,
        "HTTP-request-trailer-section-size" HttpRequestTrailerSectionSize,
        "HTTP-response-header-section-size" HttpResponseHeaderSectionSize,
        "HTTP-response-body-size" HttpResponseBodySize,
        "HTTP-response-trailer-section-size" HttpResponseTrailerSectionSize,
    }
    text {
        "HTTP-response-transfer-coding" HttpResponseTransferCoding,
        "HTTP-response-content-coding" HttpResponseContentCoding,
        "internal-error" InternalError,
    }
    field {
        "HTTP-request-trailer-size" HttpRequestTrailerSize,
        "HTTP-response-header-size" HttpResponseHeaderSize,
        "HTTP-response-trailer-size" HttpResponseTrailerSize,
    }
}

/// The code for what the host said; an unknown one is internal.
pub fn code(fault: Fault) -> ErrorCode {
    find(&fault).unwrap_or_else(|| ErrorCode::InternalError(Some(fault.text())))
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn number<T: ToString>(n: &Option<T>) -> String {
    n.as_ref().map(T::to_string).unwrap_or_default()
}

fn join(name: &str, payload: &str) -> String {
    if payload.is_empty() {
        name.into()
    } else {
        format!("{name}:{payload}")
    }
}

/// `name:size`; a name holds no colon.
fn field_size(text: &str) -> FieldSizePayload {
    let (name, size) = text.split_once(':').unwrap_or((text, ""));
    FieldSizePayload { field_name: some(name), field_size: size.parse().ok() }
}

fn write_size(size: &FieldSizePayload) -> String {
    format!("{}:{}", size.field_name.as_deref().unwrap_or(""), number(&size.field_size))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code that carries something, and some that do not.
    const SPELLINGS: [&str; 14] = [
        "connection-refused",
        "HTTP-request-URI-invalid",
        "HTTP-request-body-size:3",
        "HTTP-response-body-size",
        "HTTP-response-header-section-size:70000",
        "HTTP-response-transfer-coding:zip",
        "internal-error:it broke: here",
        "internal-error",
        "HTTP-request-header-size:x-name:12",
        "HTTP-request-header-size",
        "HTTP-response-trailer-size:x-name:",
        "DNS-error:NXDOMAIN:3",
        "DNS-error:SERVFAIL:",
        "TLS-alert-received:40:handshake failure",
    ];

    #[test]
    fn what_is_read_is_written_again() {
        for spelling in SPELLINGS {
            let code = find(&Fault::parse(spelling)).expect(spelling);
            assert_eq!(write(&code), spelling);
        }
    }

    #[test]
    fn an_unknown_code_is_internal_and_keeps_its_text() {
        assert!(find(&Fault::parse("other:nonsense")).is_none());
        assert_eq!(write(&code(Fault::parse("other:nonsense"))), "internal-error:nonsense");
    }
}
