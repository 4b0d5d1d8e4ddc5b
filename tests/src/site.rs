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

/// Serves an App, made anew for each worker, on a port that the system gives: `serve!(app)`, `serve!(app, workers = 2)`.
#[macro_export]
macro_rules! serve {
    ($app:expr) => {
        $crate::serve!($app, workers = 1)
    };
    ($app:expr, workers = $workers:expr) => {
        $crate::site::Site::run(move |listener| {
            actix_web::HttpServer::new(move || $app)
                .workers($workers)
                .disable_signals()
                .shutdown_timeout(1)
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
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // A server that drops the connection may reset it; what came until then counts.
        let _ = stream.read_to_end(&mut answer);
        let _ = stream.shutdown(Shutdown::Both);
        Response::parse(&answer)
    }
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
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    fn parse(answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
        let head = String::from_utf8_lossy(&answer[..end.unwrap_or(0)]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        Self {
            status: status.map_or(0, |status| status.parse().unwrap()),
            headers: lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: end.map_or(Vec::new(), |end| answer[end + 4..].to_vec()),
        }
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
