//! A connection that is kept, and the answers that come on it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

/// Far above what any answer here takes: what is later is lost.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    /// What has come; up to `read` it was looked at.
    buffer: Vec<u8>,
    read: usize,
    /// Whether it waits before each read.
    slow: bool,
}

/// The head of an answer whose body was read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The server closes the connection after it.
    pub(super) closes: bool,
    length: usize,
    is_chunked: bool,
}

impl Wire {
    pub(super) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
            read: 0,
            slow: false,
        })
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads from now on as a client with a bad line does.
    pub(super) fn slow_down(&mut self) {
        self.slow = true;
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Waits for the first bytes, and leaves the rest unread.
    pub(super) fn taste(&mut self) -> io::Result<()> {
        self.stream.read_exact(&mut [0; 100])
    }

    /// Reads whatever comes until the connection ends.
    pub(super) fn read_to_end(mut self) -> io::Result<()> {
        match self.stream.read_to_end(&mut self.buffer) {
            // What the server leaves unread makes its system reset the connection.
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
            _ => Ok(()),
        }
    }

    /// Reads one answer to its end; that to a HEAD has no body.
    pub(super) fn answer(&mut self, to_head: bool) -> io::Result<Answer> {
        let mut answer = self.head()?;
        while answer.status < 200 {
            answer = self.head()?;
        }
        if to_head || matches!(answer.status, 204 | 304) {
            return Ok(answer);
        }
        if !answer.is_chunked {
            self.skip(answer.length)?;
            return Ok(answer);
        }
        loop {
            let size = self.line()?;
            let size = usize::from_str_radix(&size, 16).map_err(io::Error::other)?;
            self.skip(size + 2)?;
            if size == 0 {
                return Ok(answer);
            }
        }
    }

    fn head(&mut self) -> io::Result<Answer> {
        let first = self.line()?;
        let status = first
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut answer = Answer {
            status: status.ok_or_else(|| io::Error::other(format!("no answer: {first}")))?,
            ..Answer::default()
        };
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", length)) => {
                    answer.length = length.parse().map_err(io::Error::other)?;
                }
                Some(("transfer-encoding", coding)) => answer.is_chunked = coding == "chunked",
                Some(("connection", option)) => answer.closes = option == "close",
                Some(_) => {}
                None => return Ok(answer),
            }
        }
    }

    /// Takes a line, without its end.
    fn line(&mut self) -> io::Result<String> {
        loop {
            let unread = &self.buffer[self.read..];
            if let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8_lossy(&unread[..end]);
                let line = line.trim_end().to_owned();
                self.read += end + 1;
                return Ok(line);
            }
            self.fill()?;
        }
    }

    fn skip(&mut self, mut bytes: usize) -> io::Result<()> {
        loop {
            let here = bytes.min(self.buffer.len() - self.read);
            self.read += here;
            bytes -= here;
            if bytes == 0 {
                return Ok(());
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.read);
        self.read = 0;
        if self.slow {
            thread::sleep(Duration::from_micros(200));
        }
        let mut some = [0; 16_384];
        let count = self.stream.read(&mut some)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.buffer.extend_from_slice(&some[..count]);
        Ok(())
    }
}
