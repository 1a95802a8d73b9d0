//! `wasi:cli`: environment, exit, standard streams. There is no terminal.

use std::cell::Cell;

use crate::bindings::exports::wasi::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr,
    terminal_stdin, terminal_stdout,
};
use crate::{host, plumbing, remote, Capabilities};
use wire::{Answer, ListReader};

fn strings(answer: String) -> Vec<String> {
    let list = Answer::payload(answer).unwrap_or_default();
    ListReader::new(&list).map(str::to_owned).collect()
}

impl environment::Guest for Capabilities {
    fn get_environment() -> Vec<(String, String)> {
        let mut elements = strings(host::environment()).into_iter();
        std::iter::from_fn(|| Some((elements.next()?, elements.next()?))).collect()
    }

    fn get_arguments() -> Vec<String> {
        strings(host::arguments())
    }

    fn initial_cwd() -> Option<String> {
        None
    }
}

/// The host notes the code, then the instance traps: there is no other way out of a running component.
fn leave(code: u32) -> ! {
    remote(|| host::exit(code));
    panic!("the component exited")
}

impl exit::Guest for Capabilities {
    fn exit(status: Result<(), ()>) {
        leave(status.is_err().into())
    }

    fn exit_with_code(status_code: u8) {
        leave(status_code.into())
    }
}

thread_local! {
    static OPENED: [Cell<Option<u32>>; 2] = const { [Cell::new(None), Cell::new(None)] };
}

fn output(fd: usize) -> stdout::OutputStream {
    let handle = OPENED.with(|opened| {
        let opened = &opened[fd - 1];
        opened.get().unwrap_or_else(|| {
            let handle = host::stdio_open(fd as u32);
            opened.set(Some(handle));
            handle
        })
    });
    plumbing::output_to_lines(handle)
}

impl stdin::Guest for Capabilities {
    fn get_stdin() -> stdin::InputStream {
        plumbing::input_closed()
    }
}

impl stdout::Guest for Capabilities {
    fn get_stdout() -> stdout::OutputStream {
        output(1)
    }
}

impl stderr::Guest for Capabilities {
    fn get_stderr() -> stderr::OutputStream {
        output(2)
    }
}

/// There is none.
pub enum NoTerminal {}

impl terminal_input::GuestTerminalInput for NoTerminal {}
impl terminal_output::GuestTerminalOutput for NoTerminal {}

impl terminal_input::Guest for Capabilities {
    type TerminalInput = NoTerminal;
}

impl terminal_output::Guest for Capabilities {
    type TerminalOutput = NoTerminal;
}

impl terminal_stdin::Guest for Capabilities {
    fn get_terminal_stdin() -> Option<terminal_stdin::TerminalInput> {
        None
    }
}

impl terminal_stdout::Guest for Capabilities {
    fn get_terminal_stdout() -> Option<terminal_stdout::TerminalOutput> {
        None
    }
}

impl terminal_stderr::Guest for Capabilities {
    fn get_terminal_stderr() -> Option<terminal_stderr::TerminalOutput> {
        None
    }
}
