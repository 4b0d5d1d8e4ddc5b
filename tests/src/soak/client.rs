//! One client: runs its errands one after the other, on one connection as long as that lasts.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpStream};

use crate::soak::dice::Dice;
use crate::soak::errand::Errand;
use crate::soak::wire::Wire;

#[derive(Debug)]
pub(super) struct Client {
    address: SocketAddr,
    dice: Dice,
    wire: Option<Wire>,
    /// Requests of the errand at hand.
    requests: u64,
    /// Requests, by what they were for.
    pub(super) sent: BTreeMap<Errand, u64>,
    /// How often what came that should not have.
    pub(super) wrong: BTreeMap<String, u64>,
}

impl Client {
    pub(super) fn new(address: SocketAddr, dice: Dice) -> Self {
        Self {
            address,
            dice,
            wire: None,
            requests: 0,
            sent: BTreeMap::new(),
            wrong: BTreeMap::new(),
        }
    }

    /// Runs errands until so many requests are sent.
    pub(super) fn drive(&mut self, requests: u64) {
        let mut sent = 0;
        while sent < requests {
            let errand = Errand::throw(&mut self.dice);
            // An errand that fails before it sends anything must not go on for ever.
            sent += self.run(errand).max(1);
        }
        // The others may take longer than the server keeps a connection that is idle.
        self.leave();
    }

    /// Runs one errand, and returns how many requests it sent.
    pub(super) fn run(&mut self, errand: Errand) -> u64 {
        // Dice of its own: however often it throws, the next errand is the same.
        let mut dice = self.dice.fork();
        self.requests = 0;
        if let Err(error) = errand.run(self, &mut dice) {
            self.leave();
            let told = format!("{errand:?}: {error}");
            *self.wrong.entry(told).or_default() += 1;
        }
        *self.sent.entry(errand).or_default() += self.requests;
        self.requests
    }

    pub(super) fn count(&mut self, requests: u64) {
        self.requests += requests;
    }

    /// The connection, a new one if there is none.
    pub(super) fn wire(&mut self) -> io::Result<&mut Wire> {
        let wire = match self.wire.take() {
            Some(wire) => wire,
            None => Wire::connect(self.address)?,
        };
        Ok(self.wire.insert(wire))
    }

    /// Sends bytes that so many requests begin in.
    pub(super) fn send(&mut self, requests: u64, bytes: &[u8]) -> io::Result<()> {
        self.wire()?.send(bytes)?;
        self.count(requests);
        Ok(())
    }

    /// Reads the next answer, which has to have this status.
    pub(super) fn expect(&mut self, method: &str, status: u16) -> io::Result<()> {
        let answer = self.wire()?.answer(method == "HEAD")?;
        if answer.closes {
            self.leave();
        }
        if answer.status == status {
            return Ok(());
        }
        let came = answer.status;
        Err(io::Error::other(format!("{came} came instead of {status}")))
    }

    /// Sends a request without a body, and reads its answer.
    pub(super) fn ask(&mut self, method: &str, path: &str, status: u16) -> io::Result<()> {
        self.send(1, &head(method, path, ""))?;
        self.expect(method, status)
    }

    /// Reads what comes until the server ends the connection.
    pub(super) fn read_to_end(&mut self) -> io::Result<()> {
        self.wire.take().map_or(Ok(()), Wire::read_to_end)
    }

    /// Closes the connection.
    pub(super) fn leave(&mut self) {
        self.wire = None;
    }

    /// Gives the connection away.
    pub(super) fn take_stream(&mut self) -> Option<TcpStream> {
        self.wire.take().map(Wire::into_stream)
    }
}

/// The head of a request; `more` are further lines.
pub(super) fn head(method: &str, path: &str, more: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n").into_bytes()
}
