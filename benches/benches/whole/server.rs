//! The blog as a process of its own: the release build, its own file, and nothing else in it.

use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use benches::clock;
use benches::memory::Memory;
use serde_json::Value;

/// Notes that it is given to start with.
const NOTES: u32 = 200;

/// Builds the blog as its users do, and returns the program.
pub(crate) fn build() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--package", "blog"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs this bench, so it is there");
    assert!(built.status.success(), "the blog does not compile");
    let said = String::from_utf8_lossy(&built.stdout);
    let programs = said.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_blog = message["target"]["name"] == "blog";
        let program = message["executable"].as_str().filter(|_| is_blog)?;
        Some(PathBuf::from(program))
    });
    programs
        .collect::<Vec<_>>()
        .pop()
        .expect("cargo names what it has built")
}

/// A running blog; it ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    /// Kept, as it would not survive to write where nobody reads.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Server {
    pub(crate) fn start(program: &Path, folder: &Path, name: &str, enabled: bool) -> Self {
        let mut process = Command::new(program)
            .args(["--port", "0", "--seed", &NOTES.to_string(), "--db"])
            .arg(folder.join(format!("{name}.db")))
            .env("METRICS_ENABLED", enabled.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was built");
        let output = process.stdout.take().expect("it is piped");
        let mut said = BufReader::new(output).lines();
        let address = said.by_ref().map_while(Result::ok).find_map(|line| {
            let url = line.trim().strip_prefix("http://")?;
            url.split('/').next()?.parse().ok()
        });
        Self {
            process,
            address: address.expect("it says where it is"),
            _said: said,
        }
    }

    /// The processor's time of all its threads so far.
    pub(crate) fn processor(&self) -> Duration {
        clock::of(self.process.id())
    }

    pub(crate) fn memory(&self) -> Memory {
        Memory::of(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
