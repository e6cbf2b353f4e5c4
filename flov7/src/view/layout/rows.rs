//! Cells in rows: which stands beside which, and how far to the right.
//!
//! The order comes from a fixed number of sweeps by barycentre, the places from pulling each cell below (then above)
//! those that it is joined to, as near as its neighbours let it.

/// Room between two cells of a row.
const BETWEEN: i64 = 28;
/// How often the rows are swept down and up for their order.
const SWEEPS: usize = 2;

/// Two cells of neighbouring rows with a line between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joint {
    pub(super) upper: usize,
    pub(super) lower: usize,
    /// Where the line leaves the upper cell, from its left edge.
    pub(super) out: i64,
    /// Where the line enters the lower cell, from its left edge.
    pub(super) enter: i64,
}

/// The cells of a frame.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Vec<usize>>,
    joints: Vec<Joint>,
    /// Joints to the row above and to the row below, by cell.
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
    width: Vec<i64>,
    /// The left edge of each cell; the leftmost of all is at 0.
    pub(super) left: Vec<i64>,
    pub(super) work: u64,
}

impl Rows {
    pub(super) fn new(rows: usize) -> Rows {
        Rows { rows: vec![Vec::new(); rows], ..Rows::default() }
    }

    /// A new cell at the end of a row.
    pub(super) fn cell(&mut self, row: usize, width: i64) -> usize {
        let cell = self.width.len();
        self.rows[row].push(cell);
        self.width.push(width);
        self.left.push(0);
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        self.work += 1;
        cell
    }

    pub(super) fn join(&mut self, joint: Joint) {
        self.below[joint.upper].push(self.joints.len());
        self.above[joint.lower].push(self.joints.len());
        self.joints.push(joint);
        self.work += 1;
    }

    /// Orders and places all cells; gives how wide they are together.
    pub(super) fn place(&mut self) -> i64 {
        let count = self.rows.len();
        for _ in 0..SWEEPS {
            (1..count).for_each(|row| self.order(row, true));
            (0..count.saturating_sub(1)).rev().for_each(|row| self.order(row, false));
        }
        (1..count).for_each(|row| self.order(row, true));
        for row in 0..count {
            let wide: i64 = self.rows[row].iter().map(|cell| self.width[*cell] + BETWEEN).sum();
            let mut x = -wide / 2;
            for at in 0..self.rows[row].len() {
                let cell = self.rows[row][at];
                self.left[cell] = x;
                x += self.width[cell] + BETWEEN;
            }
        }
        (1..count).for_each(|row| self.pull(row, true));
        (0..count.saturating_sub(1)).rev().for_each(|row| self.pull(row, false));
        (1..count).for_each(|row| self.pull(row, true));
        let least = self.left.iter().copied().min().unwrap_or(0);
        self.left.iter_mut().for_each(|left| *left -= least);
        self.left.iter().zip(&self.width).map(|(left, width)| left + width).max().unwrap_or(0)
    }

    /// The cells that a cell is joined to in the row above or below, with the joint.
    fn joined(&self, cell: usize, up: bool) -> impl Iterator<Item = (usize, Joint)> {
        let list = if up { &self.above[cell] } else { &self.below[cell] };
        list.iter().map(move |at| {
            let joint = self.joints[*at];
            (if up { joint.upper } else { joint.lower }, joint)
        })
    }

    /// Orders a row by the mean place of what its cells are joined to; a cell that is joined to nothing stays.
    fn order(&mut self, row: usize, up: bool) {
        let beside = if up { row - 1 } else { row + 1 };
        // While the order is sought, `left` holds places within the row.
        for (at, cell) in self.rows[beside].iter().enumerate() {
            self.left[*cell] = at as i64;
        }
        let mut keyed: Vec<(i64, usize, usize)> = Vec::with_capacity(self.rows[row].len());
        for (at, cell) in self.rows[row].iter().enumerate() {
            let (mut sum, mut count) = (0, 0);
            for (other, _) in self.joined(*cell, up) {
                sum += self.left[other];
                count += 1;
            }
            keyed.push((if count == 0 { at as i64 * 1024 } else { sum * 1024 / count }, at, *cell));
            self.work += 1 + count as u64;
        }
        let mut compared = 0;
        keyed.sort_by(|a, b| {
            compared += 1;
            a.cmp(b)
        });
        self.work += compared + self.rows[beside].len() as u64;
        self.rows[row] = keyed.into_iter().map(|(.., cell)| cell).collect();
    }

    /// Moves the cells of a row as near as they can be to what they are joined to, in their order: the least squares of
    /// the distances, by pooling neighbours that would overlap.
    fn pull(&mut self, row: usize, up: bool) {
        let mut pools: Vec<(i64, i64)> = Vec::new();
        let mut offset = 0;
        let mut offsets = Vec::with_capacity(self.rows[row].len());
        for cell in &self.rows[row] {
            let (mut sum, mut count) = (0, 0);
            for (other, joint) in self.joined(*cell, up) {
                let shift = joint.out - joint.enter;
                sum += self.left[other] + if up { shift } else { -shift };
                count += 1;
            }
            self.work += 1 + count as u64;
            let wanted = if count == 0 { self.left[*cell] } else { sum / count };
            offsets.push(offset);
            pools.push((wanted - offset, 1));
            while let [.., (before, many), (last, more)] = pools[..] {
                if before * more <= last * many {
                    break;
                }
                pools.truncate(pools.len() - 2);
                pools.push((before + last, many + more));
                self.work += 1;
            }
            offset += self.width[*cell] + BETWEEN;
        }
        let spread = pools.iter().flat_map(|(sum, count)| (0..*count).map(|_| sum.div_euclid(*count)));
        for ((cell, offset), start) in self.rows[row].iter().zip(offsets).zip(spread) {
            self.left[*cell] = start + offset;
        }
    }
}
