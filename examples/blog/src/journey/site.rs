//! A real server for one test, and a client that asks it.

use std::net::TcpListener;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use rusqlite::Connection;
use starpunk_metrics::{Config, HttpMetrics, Metrics, Snapshot};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::{self, Response};

use crate::blog::Blog;
use crate::db::{self, Db};
use crate::demonstration::visits;
use crate::server::Options;
use crate::{sample, schema, server};

/// What a browser accepts.
pub(super) const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// How long a request may take to end after its answer.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A site of its own for one test; gone with its files when the test is over.
pub(super) struct Site {
    pub(super) url: String,
    pub(super) agent: Agent,
    /// What is measured of this site, and of no other test's.
    pub(super) metrics: Metrics,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    _dir: TempDir,
}

impl Site {
    /// One without notes.
    pub(super) fn open() -> Self {
        Self::open_with(|http_metrics| http_metrics)
    }

    /// The same, with requests that are measured otherwise.
    pub(super) fn open_with(set: impl FnOnce(HttpMetrics) -> HttpMetrics) -> Self {
        let set_up = |conn: &mut Connection| schema::migrate(conn).unwrap();
        Self::start(false, undisturbed(), set_up, set)
    }

    /// One with the sample notes and the pages that are slow on purpose.
    pub(super) fn open_slow_demo() -> Self {
        Self::open_demo(undisturbed())
    }

    /// The same, where it is found who holds a worker back: on a busy machine others may be.
    pub(super) fn open_watching_workers() -> Self {
        Self::open_demo(Config::default())
    }

    fn open_demo(config: Config) -> Self {
        let set_up = |conn: &mut Connection| {
            schema::migrate(conn).unwrap();
            sample::fill_empty(conn).unwrap();
            visits::fill_empty(conn).unwrap();
        };
        Self::start(true, config, set_up, |http_metrics| http_metrics)
    }

    fn start(
        slow_demo: bool,
        config: Config,
        set_up: impl FnOnce(&mut Connection),
        set: impl FnOnce(HttpMetrics) -> HttpMetrics,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("blog.db");
        set_up(&mut db::connect(&path).unwrap());
        let db = Db::open(&path).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());

        let blog = Blog::new(db, "https://blog.example".to_owned());
        let metrics = Metrics::scoped(config.test_mode(true)).unwrap();
        let http_metrics = {
            let _entered = metrics.enter();
            set(HttpMetrics::new())
        };
        let (started, start) = mpsc::channel();
        #[expect(
            clippy::disallowed_methods,
            reason = "the server is no work of a request"
        )]
        let thread = std::thread::spawn(move || {
            System::new().block_on(async {
                let options = Options {
                    workers: Some(1),
                    slow_demo,
                };
                let server = server::start(listener, blog, http_metrics, options).unwrap();
                started.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        Self {
            url,
            agent,
            metrics,
            handle: start.recv().unwrap(),
            thread: Some(thread),
            _dir: dir,
        }
    }

    pub(super) fn request(&self, method: &str, path: &str) -> http::request::Builder {
        http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
    }

    pub(super) fn get(&self, path: &str) -> Response<String> {
        self.bare("GET", path)
    }

    pub(super) fn bare(&self, method: &str, path: &str) -> Response<String> {
        let request = self.request(method, path).body(()).unwrap();
        text(self.agent.run(request).unwrap())
    }

    pub(super) fn form(&self, path: &str, fields: &str) -> Response<String> {
        self.content("POST", path, "application/x-www-form-urlencoded", fields)
    }

    pub(super) fn json(&self, method: &str, path: &str, body: &str) -> Response<String> {
        self.content(method, path, "application/json", body)
    }

    pub(super) fn content(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &str,
    ) -> Response<String> {
        let request = self
            .request(method, path)
            .header("content-type", kind)
            .body(body)
            .unwrap();
        text(self.agent.run(request).unwrap())
    }

    pub(super) fn get_with(&self, path: &str, header: &str, value: &str) -> Response<String> {
        let request = self
            .request("GET", path)
            .header(header, value)
            .body(())
            .unwrap();
        text(self.agent.run(request).unwrap())
    }
}

impl Site {
    /// What was measured of all requests that were answered: asked for again until none is in flight, because a request
    /// ends a moment after its answer has been read.
    pub(super) fn settled(&self) -> Snapshot {
        let deadline = Instant::now() + SETTLE_TIMEOUT;
        loop {
            let snapshot = self.metrics.snapshot();
            if snapshot.requests_in_flight == 0 {
                return snapshot;
            }
            assert!(Instant::now() < deadline, "a request does not end");
        }
    }

    /// Ends the server. What was measured can still be read.
    pub(super) fn stop(&mut self) {
        // The command is sent by the call; the thread below ends when it has been carried out.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop();
    }
}

fn text(response: Response<ureq::Body>) -> Response<String> {
    let (parts, mut body) = response.into_parts();
    Response::from_parts(parts, body.read_to_string().unwrap())
}

pub(super) fn header<'a>(response: &'a Response<String>, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

/// No poll is slow because the machine is.
fn undisturbed() -> Config {
    Config::default().slow_poll_threshold(Duration::from_secs(3_600))
}
