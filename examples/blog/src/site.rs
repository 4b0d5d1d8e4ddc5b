//! From the command line to a running site, and to its end in order.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::rt;
use starpunk_metrics::{Config, HttpMetrics, Metrics};
use tempfile::TempDir;
use thiserror::Error;

use crate::allocator::heap;
use crate::args::Args;
use crate::blog::Blog;
use crate::db::{self, Db};
use crate::demonstration::visits;
use crate::error::BlogError;
use crate::server::Options;
use crate::traffic::{self, Difference, Report, TrafficError};
use crate::{sample, schema, server};

const DEFAULT_PORT: u16 = 8080;
const DEFAULT_FILE: &str = "blog.db";

/// How long the end may wait for the last of what was measured.
const METRICS_TIMEOUT: Duration = Duration::from_secs(2);

/// Why the site did not start, or did not do what it was started for.
#[derive(Debug, Error)]
pub(crate) enum SiteError {
    #[error(
        "port {0} is taken: stop the other program, or choose a port with --port (0 takes a free one)"
    )]
    PortTaken(u16),
    #[error("cannot listen on port {0}: {1}")]
    Listen(u16, #[source] io::Error),
    #[error("cannot use the database {path}: {source}", path = .0.display(), source = .1.chain())]
    Database(PathBuf, #[source] BlogError),
    #[error("cannot make a temporary database: {0}")]
    Temporary(#[source] io::Error),
    #[error("cannot measure: {0}")]
    Metrics(#[from] starpunk_metrics::Error),
    #[error("the server failed: {0}")]
    Server(#[source] io::Error),
    #[error(transparent)]
    Traffic(#[from] TrafficError),
    #[error("what was measured is not what was sent: {0}")]
    Measured(#[from] Difference),
}

/// Runs the site until Ctrl-C, or until the built-in traffic is through.
pub(crate) async fn run(args: Args) -> Result<(), SiteError> {
    // The port comes first: if it is taken, no file has been made.
    // The traffic wants a server of its own, next to one that may be running already.
    let default_port = if args.traffic.is_some() {
        0
    } else {
        DEFAULT_PORT
    };
    let listener = listen(args.port.unwrap_or(default_port))?;
    let address = listener.local_addr().map_err(SiteError::Server)?;
    let url = format!("http://{address}");

    let storage = Storage::choose(&args)?;
    let path = storage.path.as_path();
    let db = open(path, args.seed, args.slow_demo)
        .map_err(|error| SiteError::Database(path.to_owned(), error))?;
    let blog = Blog::new(db, args.base_url.unwrap_or_else(|| url.clone()));

    let config = Config::from_env().allocator_stats(heap);
    // After the database has been made ready, which is not the work of any request.
    let metrics = Metrics::start(config)?;
    let options = Options {
        workers: args.workers,
        slow_demo: args.slow_demo,
    };
    let http_metrics = HttpMetrics::new()
        .server_timing(args.server_timing)
        .trust_request_id_from(&args.trust_proxy)?;
    let server = server::start(listener, blog, http_metrics, options).map_err(SiteError::Server)?;

    match args.traffic {
        Some(requests) => {
            println!("Sending {requests} requests to {url}/");
            let handle = server.handle();
            #[expect(
                clippy::disallowed_methods,
                reason = "the server is no work of a request"
            )]
            let server = rt::spawn(server);
            #[expect(clippy::disallowed_methods, reason = "neither is the client")]
            let sent = rt::task::spawn_blocking(move || traffic::send(&url, requests)).await;
            handle.stop(true).await;
            finished(server.await)?.map_err(SiteError::Server)?;
            // Only now, as the server has ended, has everything been measured.
            let snapshot = metrics.is_enabled().then(|| metrics.snapshot());
            let report = Report::new(finished(sent)??, snapshot);
            print!("{report}");
            if let Some(difference) = report.differences.into_iter().next() {
                return Err(difference.into());
            }
        }
        None => {
            print_welcome(&url, path, args.slow_demo);
            server.await.map_err(SiteError::Server)?;
            println!("{}", metrics.shutdown(METRICS_TIMEOUT));
            println!("The blog has closed.");
        }
    }
    Ok(())
}

fn listen(port: u16) -> Result<TcpListener, SiteError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => SiteError::PortTaken(port),
        _ => SiteError::Listen(port, error),
    })
}

/// Where the notes are kept.
struct Storage {
    path: PathBuf,
    /// Deletes the file in the end.
    _temporary: Option<TempDir>,
}

impl Storage {
    fn choose(args: &Args) -> Result<Self, SiteError> {
        // Made-up notes must not get between one's own.
        let temporary = if args.traffic.is_some() && args.db.is_none() {
            Some(tempfile::tempdir().map_err(SiteError::Temporary)?)
        } else {
            None
        };
        let path = match (&args.db, &temporary) {
            (Some(path), _) => path.clone(),
            (None, Some(dir)) => dir.path().join(DEFAULT_FILE),
            (None, None) => PathBuf::from(DEFAULT_FILE),
        };
        Ok(Self {
            path,
            _temporary: temporary,
        })
    }
}

/// Brings the database up to date, with one connection that is closed before the pool opens its own.
fn open(path: &Path, seed: u32, slow_demo: bool) -> Result<Db, BlogError> {
    let mut conn = db::connect(path)?;
    schema::migrate(&mut conn)?;
    sample::fill_empty(&mut conn)?;
    sample::seed(&mut conn, seed)?;
    if slow_demo {
        visits::fill_empty(&mut conn)?;
    }
    drop(conn);
    Db::open(path)
}

fn print_welcome(url: &str, path: &Path, slow_demo: bool) {
    println!(
        "The blog is open. Its notes are kept in {}.",
        path.display()
    );
    println!();
    println!("  {url}/              the notes");
    println!("  {url}/new           write one");
    println!(
        "  {url}/feed.rss      the newest ones as RSS; /feed.atom and /feed.json are the same"
    );
    println!("  {url}/api/notes     the notes as JSON");
    println!("  {url}/metrics.json  what was measured so far");
    println!("  {url}/findings      what was found wrong; /statements has what took the most time");
    println!(
        "  {url}/requests      the requests that were slow, failed or conspicuous, each with its story"
    );
    println!("  {url}/fail          a page that fails; /panic panics, /block holds up all others");
    if slow_demo {
        println!(
            "  {url}/slow/scan     a page that lacks an index; /slow/repeated asks once for each note"
        );
        println!("  {url}/slow/many     a page that asks for each of its numbers by itself");
        println!("  {url}/slow/blocked  a page that computes on its worker; /slow/waiting waits");
    }
    println!();
    println!("Ctrl-C closes it.");
}

fn finished<T>(outcome: Result<T, rt::task::JoinError>) -> Result<T, SiteError> {
    outcome.map_err(|error| SiteError::Server(io::Error::other(error)))
}
