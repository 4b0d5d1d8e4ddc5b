//! Request ids as keys, and the latest requests by them.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

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

/// How many requests are remembered after their end.
const MAX_LATEST: usize = 512;

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
    latest: HashMap<RequestId, Latest, ById>,
    /// The latest last; `len() <= MAX_LATEST`.
    order: VecDeque<RequestId>,
}

impl LatestRequests {
    pub(crate) fn of(&self, request: RequestId) -> Option<Latest> {
        self.latest.get(&request).copied()
    }

    pub(crate) fn push(&mut self, request: RequestId, latest: Latest) {
        if self.latest.insert(request, latest).is_some() {
            return;
        }
        if self.order.len() >= MAX_LATEST
            && let Some(oldest) = self.order.pop_front()
        {
            self.latest.remove(&oldest);
        }
        self.order.push_back(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    fn of_route(route: Option<u32>) -> Latest {
        Latest {
            route,
            may_return_after: None,
        }
    }

    #[test]
    fn the_latest_are_known() {
        let mut latest = LatestRequests::default();
        let ids: Vec<RequestId> = (0..MAX_LATEST + 1).map(|_| RequestId::random()).collect();
        for id in &ids {
            latest.push(*id, of_route(Some(7)));
        }
        latest.push(ids[9], of_route(None));
        assert_eq!(latest.of(ids[0]), None);
        assert_eq!(latest.of(ids[1]), Some(of_route(Some(7))));
        assert_eq!(latest.of(ids[9]), Some(of_route(None)));
        assert_eq!(latest.latest.len(), MAX_LATEST);
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
