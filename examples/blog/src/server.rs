//! The HTTP server.

use std::io;
use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use starpunk_metrics::HttpMetrics;

use crate::blog::Blog;
use crate::{app, measurements};

/// How long a connection that is still busy may hold up the end.
const SHUTDOWN_SECONDS: u64 = 5;

/// What a server may be set up with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Number of threads; without one, as many as there are processors.
    pub(crate) workers: Option<u16>,
    /// Whether it has the pages that are slow on purpose.
    pub(crate) slow_demo: bool,
}

/// Starts the server; it runs while the result is awaited.
pub(crate) fn start(
    listener: TcpListener,
    blog: Blog,
    http_metrics: HttpMetrics,
    options: Options,
) -> io::Result<Server> {
    let blog = web::Data::new(blog);
    let http_metrics = measurements::leave_out(http_metrics);
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(blog.clone())
            .wrap(app::protective_headers())
            .configure(|config| app::configure(config, options.slow_demo))
            // The last one is the outermost: it sees what all the others do.
            .wrap(http_metrics.clone())
    })
    .shutdown_timeout(SHUTDOWN_SECONDS);
    if let Some(workers) = options.workers {
        server = server.workers(usize::from(workers));
    }
    Ok(server.listen(listener)?.run())
}
