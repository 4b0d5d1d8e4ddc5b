//! labels, `break` with a value, `let else`, `continue`

use super::measured;
use crate::support::{block_on, pause};

#[measured]
fn sync(rows: &[&[u8]]) -> Option<u8> {
    let found = 'search: {
        'rows: for row in rows {
            for number in *row {
                if *number == 0 {
                    continue 'rows;
                }
                if *number > 5 {
                    break 'search *number;
                }
            }
        }
        return None;
    };
    Some(found)
}

#[measured]
async fn later(numbers: &[u8]) -> usize {
    let mut rest = numbers;
    'body: loop {
        let [first, others @ ..] = rest else {
            break 'body rest.len();
        };
        pause().await;
        rest = others;
        if *first == 9 {
            return rest.len();
        }
    }
}

pub(crate) const RECORDS: &[&str] = &["sync ok", "sync ok", "later ok", "later ok"];

pub(crate) fn run() -> String {
    let found = (sync(&[&[1, 0, 9], &[2, 7]]), sync(&[&[1]]));
    format!(
        "{found:?} {} {}",
        block_on(later(&[1, 9, 2])),
        block_on(later(&[1]))
    )
}
