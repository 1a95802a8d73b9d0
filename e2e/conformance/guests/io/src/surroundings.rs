//! What surrounds a component: random numbers, standard streams; and what is denied it.

use harness::http::IncomingRequest;
use harness::streams::StreamError;
use harness::{ensure, ensure_eq, Check, Query};

use crate::bindings::wasi::cli::{
    environment, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout,
};
use crate::bindings::wasi::filesystem::preopens;
use crate::bindings::wasi::random::{insecure, insecure_seed, random as secure};
use crate::bindings::wasi::sockets::network::IpAddressFamily;
use crate::bindings::wasi::sockets::{
    instance_network, ip_name_lookup, tcp_create_socket, udp_create_socket,
};

/// RA01.
pub fn random(_: &IncomingRequest, _: &Query) -> Check {
    for length in [0, 1, 100, 70_000] {
        ensure_eq!(secure::get_random_bytes(length).len() as u64, length, "random bytes");
        ensure_eq!(insecure::get_insecure_random_bytes(length).len() as u64, length, "insecure bytes");
    }
    ensure!(secure::get_random_bytes(16) != secure::get_random_bytes(16), "the same bytes twice");
    ensure!(secure::get_random_u64() != secure::get_random_u64(), "the same number twice");
    let ones: u32 = secure::get_random_bytes(10_000).iter().map(|byte| byte.count_ones()).sum();
    ensure!((35_000..45_000).contains(&ones), "{ones} of 80000 bits are set");
    insecure::get_insecure_random_u64();
    insecure_seed::insecure_seed();
    Ok(())
}

/// CI01.
pub fn standard(_: &IncomingRequest, _: &Query) -> Check {
    for (name, stream) in [("stdout", stdout::get_stdout()), ("stderr", stderr::get_stderr())] {
        let written = stream.blocking_write_and_flush(b"CI01 was here\n");
        ensure!(written.is_ok(), "{name}: {written:?}");
    }
    let end = stdin::get_stdin().blocking_read(1);
    ensure!(matches!(end, Err(StreamError::Closed)), "stdin gives {end:?}");
    environment::get_environment();
    environment::get_arguments();
    Ok(())
}

/// CI02.
pub fn terminals(_: &IncomingRequest, _: &Query) -> Check {
    ensure!(terminal_stdin::get_terminal_stdin().is_none(), "stdin is a terminal");
    ensure!(terminal_stdout::get_terminal_stdout().is_none(), "stdout is a terminal");
    ensure!(terminal_stderr::get_terminal_stderr().is_none(), "stderr is a terminal");
    Ok(())
}

/// CI03.
pub fn folders(_: &IncomingRequest, _: &Query) -> Check {
    ensure_eq!(preopens::get_directories().len(), 0, "open folders");
    Ok(())
}

/// CI04.
pub fn sockets(_: &IncomingRequest, _: &Query) -> Check {
    let network = instance_network::instance_network();
    for family in [IpAddressFamily::Ipv4, IpAddressFamily::Ipv6] {
        ensure!(tcp_create_socket::create_tcp_socket(family).is_err(), "a TCP socket is made");
        ensure!(udp_create_socket::create_udp_socket(family).is_err(), "a UDP socket is made");
    }
    let lookup = ip_name_lookup::resolve_addresses(&network, "localhost").map(|_| ());
    ensure!(lookup.is_err(), "a name is resolved");
    Ok(())
}
