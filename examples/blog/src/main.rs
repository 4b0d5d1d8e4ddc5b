//! A small blog on actix-web and SQLite: the example application of starpunk-metrics.
//!
//! This file reads the command line and turns the outcome into an exit code; [`site`] does the rest.

mod allocator;
mod api;
mod app;
mod args;
mod assets;
mod blog;
mod cache;
mod db;
mod demonstration;
mod draft;
mod error;
mod feeds;
mod fingerprint;
mod markup;
mod measurements;
mod notes;
mod pages;
mod paging;
mod sample;
mod schema;
mod search;
mod server;
mod site;
mod slug;
mod syndication;
mod traffic;
mod views;

#[cfg(test)]
mod journey;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;

#[actix_web::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();

    match site::run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("blog: {error}");
            ExitCode::FAILURE
        }
    }
}
