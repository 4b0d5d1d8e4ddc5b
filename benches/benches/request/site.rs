//! The requests of each scene, and who answers them.

use std::iter::Cycle;
use std::vec::IntoIter;

use actix_http::Request;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Uri;
use actix_web::rt::Runtime;
use benches::request::{answer, request};
use benches::{Contender, batch};

/// The requests of one scene, over and over.
pub(crate) type Uris = Cycle<IntoIter<Uri>>;

pub(crate) fn uris(paths: impl Iterator<Item = String>) -> Uris {
    let parsed = paths.map(|path| path.parse().expect("this is a path"));
    parsed.collect::<Vec<Uri>>().into_iter().cycle()
}

pub(crate) fn contender<'a, S, B>(
    name: &str,
    runtime: &'a Runtime,
    service: &'a S,
    mut uris: Uris,
) -> Contender<'a>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    batch(name, move |times| {
        runtime.block_on(async {
            for uri in uris.by_ref().take(times as usize) {
                answer(service, request(uri)).await;
            }
        });
    })
}
