//! const generics

use super::measured;

struct Grid<const WIDTH: usize, T = u8> {
    cells: [T; WIDTH],
}

impl<const WIDTH: usize, T: Copy> Grid<WIDTH, T> {
    #[measured]
    fn repeat<const TIMES: usize>(&self) -> [[T; WIDTH]; TIMES] {
        [self.cells; TIMES]
    }
}

#[measured]
fn first<const N: usize, const REST: bool>(numbers: [u8; N]) -> Option<u8> {
    if REST {
        return numbers.get(1).copied();
    }
    numbers.first().copied()
}

pub(crate) const RECORDS: &[&str] = &["Grid::repeat ok", "first ok", "first ok"];

pub(crate) fn run() -> String {
    let grid: Grid<2> = Grid { cells: [1, 2] };
    let repeated = grid.repeat::<3>();
    format!(
        "{repeated:?} {:?} {:?}",
        first::<1, false>([4]),
        first::<2, true>([5, 6])
    )
}
