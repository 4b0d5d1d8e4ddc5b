//! A client with a few connections that are kept alive. It waits most of the time, and what it takes is not counted: only
//! the server's process is.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Requests that are under way at the same time.
pub(crate) const CONNECTIONS: usize = 4;

pub(crate) struct Client {
    connections: Vec<Connection>,
}

struct Connection {
    stream: TcpStream,
    /// What was read and not yet looked at.
    read: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let connections = (0..CONNECTIONS).map(|_| {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            Ok(Connection {
                stream,
                read: Vec::new(),
            })
        });
        Ok(Self {
            connections: connections.collect::<io::Result<_>>()?,
        })
    }

    /// Asks for a page on each connection at once.
    pub(crate) fn wave(&mut self, path: &str) -> io::Result<()> {
        for connection in &mut self.connections {
            connection.ask(path)?;
        }
        for connection in &mut self.connections {
            connection.answer()?;
        }
        Ok(())
    }

    /// Asks for a page once, and returns it.
    pub(crate) fn get(&mut self, path: &str) -> io::Result<String> {
        let connection = &mut self.connections[0];
        connection.ask(path)?;
        let body = connection.answer()?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

impl Connection {
    fn ask(&mut self, path: &str) -> io::Result<()> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: text/html\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes())
    }

    /// Reads a whole answer and returns its body.
    fn answer(&mut self) -> io::Result<Vec<u8>> {
        let head = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break self.take(end + 4);
            }
            self.more()?;
        };
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(io::Error::other(head));
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|length| length.trim().parse::<usize>().ok())
            .ok_or_else(|| io::Error::other("the blog's pages say how long they are"))?;
        while self.read.len() < length {
            self.more()?;
        }
        Ok(self.take(length))
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.read.split_off(length);
        std::mem::replace(&mut self.read, rest)
    }

    fn more(&mut self) -> io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                self.read.extend_from_slice(&chunk[..length]);
                Ok(())
            }
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
