//! What a client can be after, and how often it is.

use std::io;
use std::thread;
use std::time::Duration;

use crate::site::reset;
use crate::soak::client::{Client, head};
use crate::soak::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Errand {
    Page,
    Missing,
    Head,
    Post,
    PostInChunks,
    PostUnread,
    OtherMethod,
    Connect,
    Stream,
    Error,
    Panic,
    Pipeline,
    BodyError,
    BodyPanic,
    Malformed,
    SlowHead,
    SlowReader,
    LeavesBeforeAnswer,
    ResetsBeforeAnswer,
    LeavesInBody,
    LeavesInStream,
    LeavesInUpload,
    LeavesInPipeline,
    /// The server ends before the answer comes; no client throws this.
    OutlivesServer,
}

/// How often each is run, in a thousand. What ends a connection is rarer: the next errand has to open one.
const MIX: [(Errand, u64); 23] = [
    (Errand::Page, 400),
    (Errand::Missing, 80),
    (Errand::Head, 50),
    (Errand::Post, 80),
    (Errand::PostInChunks, 50),
    (Errand::PostUnread, 20),
    (Errand::OtherMethod, 50),
    (Errand::Connect, 5),
    (Errand::Stream, 50),
    (Errand::Error, 40),
    (Errand::Panic, 40),
    (Errand::Pipeline, 50),
    (Errand::BodyError, 10),
    (Errand::BodyPanic, 10),
    (Errand::Malformed, 5),
    (Errand::SlowHead, 10),
    (Errand::SlowReader, 2),
    (Errand::LeavesBeforeAnswer, 10),
    (Errand::ResetsBeforeAnswer, 8),
    (Errand::LeavesInBody, 10),
    (Errand::LeavesInStream, 5),
    (Errand::LeavesInUpload, 10),
    (Errand::LeavesInPipeline, 5),
];

impl Errand {
    pub(super) fn throw(dice: &mut Dice) -> Self {
        let mut at = dice.below(MIX.iter().map(|(_, often)| often).sum());
        for (errand, often) in MIX {
            if at < often {
                return errand;
            }
            at -= often;
        }
        Self::Page
    }

    /// Runs it to its end, as the dice say. An error is what should not have come.
    pub(super) fn run(self, client: &mut Client, dice: &mut Dice) -> io::Result<()> {
        match self {
            Self::Page => client.ask("GET", &page(dice), 200),
            Self::Missing => client.ask("GET", &format!("/{:x}/{}", dice.below(1 << 40), "x"), 404),
            Self::Head => {
                let (path, status) = dice.pick(&[
                    ("/notes/7", 200),
                    ("/stream", 200),
                    ("/large", 200),
                    ("/panic", 500),
                    ("/nowhere", 404),
                ]);
                client.ask("HEAD", path, status)
            }
            Self::Post => post(client, dice),
            Self::PostInChunks => post_in_chunks(client, dice),
            Self::PostUnread => {
                let body = vec![b'x'; dice.below(40_000) as usize];
                client.send(1, &with_length("/ignored", body.len(), ""))?;
                // The server may have answered, and ended the connection, before it is all written.
                let _ = client.send(0, &body);
                client.expect("POST", 204)?;
                client.leave();
                Ok(())
            }
            Self::OtherMethod => {
                let known = [
                    "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "POST",
                ];
                match dice.below(8) {
                    0 => client.ask(&format!("EVIL{}", dice.below(1 << 40)), &page(dice), 404),
                    _ => client.ask(dice.pick(&known), &page(dice), 404),
                }
            }
            Self::Connect => {
                client.ask("CONNECT", &page(dice), 404)?;
                // What would follow on this connection is the tunnel's.
                client.leave();
                Ok(())
            }
            Self::Stream => client.ask("GET", "/stream", 200),
            Self::Error => {
                let (path, status) = dice.pick(&[("/fail", 500), ("/bad-gateway", 502)]);
                client.ask("GET", path, status)
            }
            Self::Panic => client.ask("GET", dice.pick(&["/panic", "/panic/later"]), 500),
            Self::Pipeline => pipeline(client, dice),
            Self::BodyError => broken(client, "/broken"),
            Self::BodyPanic => broken(client, "/panicking-body"),
            Self::Malformed => {
                client.send(1, b"GET /notes/1 HTTP/one.one\r\n\r\n")?;
                client.expect("GET", 400)?;
                client.leave();
                Ok(())
            }
            Self::SlowHead => {
                for piece in head("GET", &page(dice), "Accept: text/html\r\n").chunks(30) {
                    client.send(0, piece)?;
                    thread::sleep(Duration::from_micros(300));
                }
                client.count(1);
                client.expect("GET", 200)
            }
            Self::SlowReader => {
                client.wire()?.slow_down();
                client.send(1, &head("GET", "/large", ""))?;
                thread::sleep(Duration::from_millis(2));
                client.expect("GET", 200)?;
                client.leave();
                Ok(())
            }
            Self::LeavesBeforeAnswer => {
                client.send(1, &head("GET", "/slow", ""))?;
                client.leave();
                Ok(())
            }
            Self::ResetsBeforeAnswer => {
                // The first answer is left unread, so that closing resets the connection.
                let both = [head("GET", &page(dice), ""), head("GET", "/pending", "")];
                client.send(2, &both.concat())?;
                if let Some(stream) = client.take_stream() {
                    reset(stream);
                }
                Ok(())
            }
            Self::LeavesInBody => leave_after_a_taste(client, "/endless"),
            Self::LeavesInStream => leave_after_a_taste(client, "/long"),
            Self::LeavesInUpload => {
                client.send(1, &with_length("/notes", 10_000, ""))?;
                client.send(0, &[b'x'; 500])?;
                client.leave();
                Ok(())
            }
            Self::OutlivesServer => client.send(1, &head("GET", "/pending", "")),
            Self::LeavesInPipeline => {
                let many = head("GET", &page(dice), "").repeat(8);
                client.send(8, &many)?;
                client.leave();
                Ok(())
            }
        }
    }
}

fn page(dice: &mut Dice) -> String {
    format!("/notes/{}", dice.below(100_000))
}

fn with_length(path: &str, length: usize, more: &str) -> Vec<u8> {
    head("POST", path, &format!("Content-Length: {length}\r\n{more}"))
}

fn post(client: &mut Client, dice: &mut Dice) -> io::Result<()> {
    let limit = dice.pick(&[100, 4_000, 60_000]);
    let body = vec![b'x'; dice.below(limit) as usize];
    let more = dice.pick(&["", "", "Expect: 100-continue\r\n"]);
    client.send(1, &with_length("/notes", body.len(), more))?;
    client.send(0, &body)?;
    client.expect("POST", 200)
}

fn post_in_chunks(client: &mut Client, dice: &mut Dice) -> io::Result<()> {
    client.send(1, &head("POST", "/notes", "Transfer-Encoding: chunked\r\n"))?;
    for _ in 0..dice.below(6) {
        let chunk = vec![b'x'; 1 + dice.below(3_000) as usize];
        let size = format!("{:x}\r\n", chunk.len());
        client.send(0, &[size.as_bytes(), &chunk, b"\r\n"].concat())?;
    }
    client.send(0, b"0\r\n\r\n")?;
    client.expect("POST", 200)
}

/// Some requests in one write, and then all their answers, in order.
fn pipeline(client: &mut Client, dice: &mut Dice) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut statuses = Vec::new();
    for _ in 0..2 + dice.below(7) {
        let (path, status) = dice.pick(&[
            ("/notes/1", 200),
            ("/notes/2", 200),
            ("/nowhere", 404),
            ("/stream", 200),
            ("/fail", 500),
            ("/panic", 500),
        ]);
        bytes.extend(head("GET", path, ""));
        statuses.push(status);
    }
    client.send(statuses.len() as u64, &bytes)?;
    for status in statuses {
        client.expect("GET", status)?;
    }
    Ok(())
}

/// How much comes of such an answer, if anything, is actix's own.
fn broken(client: &mut Client, path: &str) -> io::Result<()> {
    client.send(1, &head("GET", path, ""))?;
    client.read_to_end()
}

fn leave_after_a_taste(client: &mut Client, path: &str) -> io::Result<()> {
    client.send(1, &head("GET", path, ""))?;
    client.wire()?.taste()?;
    client.leave();
    Ok(())
}
