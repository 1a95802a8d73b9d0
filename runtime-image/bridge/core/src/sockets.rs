//! `wasi:sockets`: present, because toolchains import it; every attempt to get a socket or an address is denied.

use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wasi::sockets::{
    instance_network, ip_name_lookup, ip_name_lookup::*, network, tcp, tcp::*, tcp_create_socket, udp,
    udp::*, udp_create_socket,
};
use crate::io::nobody::{nobody, Nobody};
use crate::Core;
use network::{ErrorCode, IpAddressFamily, IpSocketAddress, Network, NetworkBorrow};

/// Exists, so that programs come to the denial.
pub struct TheNetwork;

impl network::GuestNetwork for TheNetwork {}

impl network::Guest for Core {
    type Network = TheNetwork;

    fn network_error_code(_: network::ErrorBorrow<'_>) -> Option<ErrorCode> {
        None
    }
}

impl instance_network::Guest for Core {
    fn instance_network() -> Network {
        Network::new(TheNetwork)
    }
}

impl ip_name_lookup::Guest for Core {
    type ResolveAddressStream = Nobody;

    fn resolve_addresses(_: NetworkBorrow<'_>, _: String) -> Result<ResolveAddressStream, ErrorCode> {
        Err(ErrorCode::AccessDenied)
    }
}

impl tcp::Guest for Core {
    type TcpSocket = Nobody;
}

impl tcp_create_socket::Guest for Core {
    fn create_tcp_socket(_: IpAddressFamily) -> Result<TcpSocket, ErrorCode> {
        Err(ErrorCode::AccessDenied)
    }
}

impl udp::Guest for Core {
    type UdpSocket = Nobody;
    type IncomingDatagramStream = Nobody;
    type OutgoingDatagramStream = Nobody;
}

impl udp_create_socket::Guest for Core {
    fn create_udp_socket(_: IpAddressFamily) -> Result<UdpSocket, ErrorCode> {
        Err(ErrorCode::AccessDenied)
    }
}

nobody! {
    GuestResolveAddressStream {
    resolve_next_address() -> Result<Option<IpAddress>, ErrorCode>;
    subscribe() -> Pollable;
    }
    GuestTcpSocket {
    start_bind(NetworkBorrow<'_>, IpSocketAddress) -> Result<(), ErrorCode>;
    finish_bind() -> Result<(), ErrorCode>;
    start_connect(NetworkBorrow<'_>, IpSocketAddress) -> Result<(), ErrorCode>;
    finish_connect() -> Result<(InputStream, OutputStream), ErrorCode>;
    start_listen() -> Result<(), ErrorCode>;
    finish_listen() -> Result<(), ErrorCode>;
    accept() -> Result<(TcpSocket, InputStream, OutputStream), ErrorCode>;
    local_address() -> Result<IpSocketAddress, ErrorCode>;
    remote_address() -> Result<IpSocketAddress, ErrorCode>;
    is_listening() -> bool;
    address_family() -> IpAddressFamily;
    set_listen_backlog_size(u64) -> Result<(), ErrorCode>;
    keep_alive_enabled() -> Result<bool, ErrorCode>;
    set_keep_alive_enabled(bool) -> Result<(), ErrorCode>;
    keep_alive_idle_time() -> Result<u64, ErrorCode>;
    set_keep_alive_idle_time(u64) -> Result<(), ErrorCode>;
    keep_alive_interval() -> Result<u64, ErrorCode>;
    set_keep_alive_interval(u64) -> Result<(), ErrorCode>;
    keep_alive_count() -> Result<u32, ErrorCode>;
    set_keep_alive_count(u32) -> Result<(), ErrorCode>;
    hop_limit() -> Result<u8, ErrorCode>;
    set_hop_limit(u8) -> Result<(), ErrorCode>;
    receive_buffer_size() -> Result<u64, ErrorCode>;
    set_receive_buffer_size(u64) -> Result<(), ErrorCode>;
    send_buffer_size() -> Result<u64, ErrorCode>;
    set_send_buffer_size(u64) -> Result<(), ErrorCode>;
    subscribe() -> Pollable;
    shutdown(ShutdownType) -> Result<(), ErrorCode>;
    }
    GuestUdpSocket {
    start_bind(NetworkBorrow<'_>, IpSocketAddress) -> Result<(), ErrorCode>;
    finish_bind() -> Result<(), ErrorCode>;
    stream(Option<IpSocketAddress>) -> Result<(IncomingDatagramStream, OutgoingDatagramStream), ErrorCode>;
    local_address() -> Result<IpSocketAddress, ErrorCode>;
    remote_address() -> Result<IpSocketAddress, ErrorCode>;
    address_family() -> IpAddressFamily;
    unicast_hop_limit() -> Result<u8, ErrorCode>;
    set_unicast_hop_limit(u8) -> Result<(), ErrorCode>;
    receive_buffer_size() -> Result<u64, ErrorCode>;
    set_receive_buffer_size(u64) -> Result<(), ErrorCode>;
    send_buffer_size() -> Result<u64, ErrorCode>;
    set_send_buffer_size(u64) -> Result<(), ErrorCode>;
    subscribe() -> Pollable;
    }
    GuestIncomingDatagramStream {
    receive(u64) -> Result<Vec<IncomingDatagram>, ErrorCode>;
    subscribe() -> Pollable;
    }
    GuestOutgoingDatagramStream {
    check_send() -> Result<u64, ErrorCode>;
    send(Vec<OutgoingDatagram>) -> Result<u64, ErrorCode>;
    subscribe() -> Pollable;
    }
}
