//! A real server for one test, and a client that asks it.

use std::net::TcpListener;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use starpunk_metrics::{Config, HttpMetrics, Metrics};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::{self, Response};

use crate::blog::Blog;
use crate::db::{self, Db};
use crate::{schema, server};

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
    pub(super) fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("blog.db");
        schema::migrate(&mut db::connect(&path).unwrap()).unwrap();
        let db = Db::open(&path).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());

        let blog = Blog::new(db, "https://blog.example".to_owned());
        let metrics = Metrics::scoped(Config::default().test_mode(true)).unwrap();
        let http_metrics = {
            let _entered = metrics.enter();
            HttpMetrics::new()
        };
        let (started, start) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            System::new().block_on(async {
                let server = server::start(listener, blog, http_metrics, Some(1)).unwrap();
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

    pub(super) fn conditional(&self, path: &str, header: &str, value: &str) -> Response<String> {
        let request = self
            .request("GET", path)
            .header(header, value)
            .body(())
            .unwrap();
        text(self.agent.run(request).unwrap())
    }
}

impl Site {
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
