//! Request ids as keys, and the latest requests by them.

use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use crate::model::clock::Ticks;
use crate::model::request_id::RequestId;

/// Ids are random, or come from a peer that is trusted: there is nothing left to mix, and nobody to fear.
pub(crate) type ById = BuildHasherDefault<IdHasher>;

/// Takes the words of an id as they are.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // Rotated, because the bits of the version are the same in all.
        self.0 = self.0.rotate_left(32) ^ word;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// So many requests are remembered after their end in each of so many places: the oldest of a place gives way, and no table has
/// to be kept in order.
const WAYS: usize = 4;
const PLACES: usize = 128;

/// What is remembered of a request that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Latest {
    /// `None` where it was left out.
    pub(crate) route: Option<u32>,
    /// When it ended, if its id is a peer's, who may send it again.
    pub(crate) may_return_after: Option<Ticks>,
}

/// The latest requests that have ended, for what else is known of them.
#[derive(Debug, Default)]
pub(crate) struct LatestRequests {
    /// Empty until there is one.
    places: Vec<LatestOfPlace>,
}

#[derive(Clone, Debug, Default)]
struct LatestOfPlace {
    known: [Option<(RequestId, Latest)>; WAYS],
    /// The oldest: `next < WAYS`.
    next: usize,
}

impl LatestRequests {
    pub(crate) fn of(&self, request: RequestId) -> Option<Latest> {
        let place = self.places.get(place(request))?;
        let found = place.known.iter().flatten();
        let mut found = found.filter(|(known, _)| *known == request);
        found.next().map(|(_, latest)| *latest)
    }

    pub(crate) fn push(&mut self, request: RequestId, latest: Latest) {
        if self.places.is_empty() {
            self.places.resize(PLACES, LatestOfPlace::default());
        }
        let place = &mut self.places[place(request)];
        let mut known = place.known.iter_mut().flatten();
        if let Some((_, known)) = known.find(|(known, _)| *known == request) {
            *known = latest;
            return;
        }
        place.known[place.next] = Some((request, latest));
        place.next = (place.next + 1) % WAYS;
    }
}

fn place(request: RequestId) -> usize {
    ById::default().hash_one(request) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_LATEST: usize = WAYS * PLACES;

    fn of_route(route: Option<u32>) -> Latest {
        Latest {
            route,
            may_return_after: None,
        }
    }

    #[test]
    fn the_latest_are_known() {
        let mut latest = LatestRequests::default();
        assert_eq!(latest.of(RequestId::random()), None);
        let ids: Vec<RequestId> = (0..20 * MAX_LATEST).map(|_| RequestId::random()).collect();
        for id in &ids {
            latest.push(*id, of_route(Some(7)));
        }
        let known = |id: &&RequestId| latest.of(**id) == Some(of_route(Some(7)));
        assert!(ids.iter().rev().take(WAYS).all(|id| known(&id)));
        assert_eq!(ids.iter().filter(known).count(), MAX_LATEST);
    }

    #[test]
    fn what_is_told_again_takes_no_other_place() {
        let mut latest = LatestRequests::default();
        let mut ids = std::iter::repeat_with(RequestId::random).filter(|id| place(*id) == 3);
        let ids: Vec<RequestId> = ids.by_ref().take(WAYS + 1).collect();
        for id in &ids[..WAYS] {
            latest.push(*id, of_route(Some(7)));
        }
        latest.push(ids[0], of_route(None));
        assert_eq!(latest.of(ids[0]), Some(of_route(None)));
        assert!(ids[1..WAYS].iter().all(|id| latest.of(*id).is_some()));
        latest.push(ids[WAYS], of_route(Some(8)));
        let known = ids.iter().filter(|id| latest.of(**id).is_some());
        assert_eq!(known.count(), WAYS);
    }

    #[test]
    fn ids_spread_over_all_bits_that_a_table_looks_at() {
        let hashes: Vec<u64> = (0..1_000)
            .map(|_| ById::default().hash_one(RequestId::random()))
            .collect();
        for shift in [0, 57] {
            let seen: std::collections::HashSet<u64> =
                hashes.iter().map(|hash| hash >> shift & 127).collect();
            assert!(seen.len() > 120, "{shift}: {}", seen.len());
        }
    }
}
