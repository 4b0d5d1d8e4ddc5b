//! A real server on a port of its own, and a client that shows what really came over the socket.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};

/// Ends a connection so that the server is told at once: a reset, where a mere end could be half of one.
pub fn reset(stream: TcpStream) {
    use std::io::ErrorKind;
    // Data that nobody read makes the system reset the connection when it is closed.
    stream.set_nonblocking(true).unwrap();
    loop {
        match stream.peek(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
            _ => return,
        }
    }
}

/// A server that ends with its test.
#[derive(Debug)]
pub struct Site {
    pub address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// Serves an App, made anew for each worker, on a port that the system gives. Settings are those of `HttpServer`:
/// `serve!(app)`, `serve!(app, workers = 2, h1_allow_half_closed = false)`.
#[macro_export]
macro_rules! serve {
    ($app:expr $(, $setting:ident = $value:expr)* $(,)?) => {
        $crate::site::Site::run(move |listener| {
            actix_web::HttpServer::new(move || $app)
                .workers(1)
                .disable_signals()
                .shutdown_timeout(1)
                // Where the machine is busy a client of a test is late, and not one to be cut off.
                .client_request_timeout(std::time::Duration::from_secs(60))
                .keep_alive(std::time::Duration::from_secs(60))
                $(.$setting($value))*
                .listen(listener)
                .map(actix_web::HttpServer::run)
        })
    };
}

impl Site {
    pub fn run(
        start: impl FnOnce(TcpListener) -> std::io::Result<Server> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (started, handle) = mpsc::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = start(listener).unwrap();
                started.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self {
            address,
            handle: handle.recv().unwrap(),
            thread: Some(thread),
        }
    }

    /// A connection on which nothing was sent yet.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// A connection that stays open, on which these bytes were sent.
    pub fn send(&self, bytes: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(bytes.as_ref()).unwrap();
        stream
    }

    /// A connection that stays open, on which this path was asked for.
    pub fn ask(&self, path: &str) -> TcpStream {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    /// Tells the server to end, and to let the requests that it has go on for a second. Dropping the site waits for that.
    pub fn stop_gracefully(&self) {
        // The command is sent by the call; its future only waits.
        drop(self.handle.stop(true));
    }

    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, body: &[u8]) -> Response {
        self.request("POST", path, &[], body)
    }

    /// Sends one request on a connection of its own, and reads to the end of it.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        self.raw(&[head.as_bytes(), body].concat())
    }

    /// Sends these bytes, and reads to the end of the connection.
    pub fn raw(&self, bytes: &[u8]) -> Response {
        Response::parse(&self.exchange(bytes))
    }

    /// Sends these bytes, and returns what came until the end of the connection.
    pub fn exchange(&self, bytes: impl AsRef<[u8]>) -> Vec<u8> {
        let mut stream = self.send(bytes);
        let answer = read_all(&mut stream);
        let _ = stream.shutdown(Shutdown::Both);
        answer
    }
}

/// What comes until the end of the connection.
pub fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    // A server that drops the connection may reset it; what came until then counts.
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// What comes until these bytes have come.
pub fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    while !answer.ends_with(end) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    answer
}

impl Drop for Site {
    fn drop(&mut self) {
        // The command is sent by the call; its future only waits.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the server panicked");
        }
    }
}

/// What came back, byte for byte.
#[derive(Clone, Debug)]
pub struct Response {
    /// 0 where nothing came.
    pub status: u16,
    pub status_line: String,
    pub headers: Vec<(String, String)>,
    /// As it was sent: the chunks of a chunked one are not put together.
    pub body: Vec<u8>,
}

impl Response {
    /// The one response that came.
    pub fn parse(answer: &[u8]) -> Self {
        let end = find(answer, b"\r\n\r\n");
        let head = String::from_utf8_lossy(&answer[..end.unwrap_or(0)]).into_owned();
        let mut lines = head.lines();
        let status_line = lines.next().unwrap_or_default().to_owned();
        let status = status_line.split(' ').nth(1);
        Self {
            status: status.map_or(0, |status| status.parse().unwrap()),
            headers: lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: end.map_or(Vec::new(), |end| answer[end..].to_vec()),
            status_line,
        }
    }

    /// The responses that came one after the other, of known length or chunked.
    pub fn parse_all(mut answer: &[u8]) -> Vec<Self> {
        let mut all = Vec::new();
        while let Some(head) = find(answer, b"\r\n\r\n") {
            let mut response = Self::parse(&answer[..head]);
            let rest = &answer[head..];
            let length = match response.header("content-length") {
                Some(length) => length.parse().unwrap(),
                None if response.header("transfer-encoding") == Some("chunked") => {
                    find(rest, b"0\r\n\r\n").unwrap()
                }
                None => 0,
            };
            response.body = rest[..length].to_vec();
            answer = &rest[length..];
            all.push(response);
        }
        assert_eq!(answer, b"", "there is a rest");
        all
    }

    /// The one value of a header; `None` where there is none, or more than one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let value = values.next()?;
        values.next().is_none().then_some(value.1.as_str())
    }

    /// The request id, which has to be there, once.
    pub fn request_id(&self) -> String {
        self.header("x-request-id")
            .expect("one X-Request-ID")
            .to_owned()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Where the first of these ends.
fn find(answer: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut windows = answer.windows(wanted.len());
    windows
        .position(|window| window == wanted)
        .map(|at| at + wanted.len())
}
