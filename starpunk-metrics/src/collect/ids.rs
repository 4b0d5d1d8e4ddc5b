//! Request ids as keys, and the routes of the latest.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

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

/// How many requests' routes are remembered after their end.
const MAX_ROUTES: usize = 512;

/// The routes of the latest requests that have ended, for what else is known of them.
#[derive(Debug, Default)]
pub(crate) struct LatestRoutes {
    /// `None` where it was left out.
    routes: HashMap<RequestId, Option<u32>, ById>,
    /// The latest last; `len() <= MAX_ROUTES`.
    order: VecDeque<RequestId>,
}

impl LatestRoutes {
    /// What is known of a request: its route, if it has one; `None` where nothing is.
    pub(crate) fn of(&self, request: RequestId) -> Option<Option<u32>> {
        self.routes.get(&request).copied()
    }

    pub(crate) fn push(&mut self, request: RequestId, route: Option<u32>) {
        if self.routes.insert(request, route).is_some() {
            return;
        }
        if self.order.len() >= MAX_ROUTES
            && let Some(oldest) = self.order.pop_front()
        {
            self.routes.remove(&oldest);
        }
        self.order.push_back(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    #[test]
    fn the_latest_are_known() {
        let mut latest = LatestRoutes::default();
        let ids: Vec<RequestId> = (0..MAX_ROUTES + 1).map(|_| RequestId::random()).collect();
        for id in &ids {
            latest.push(*id, Some(7));
        }
        latest.push(ids[9], None);
        assert_eq!(latest.of(ids[0]), None);
        assert_eq!(latest.of(ids[1]), Some(Some(7)));
        assert_eq!(latest.of(ids[9]), Some(None));
        assert_eq!(latest.routes.len(), MAX_ROUTES);
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
