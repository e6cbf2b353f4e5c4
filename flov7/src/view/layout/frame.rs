//! One frame: its children in layers, and the pieces of the links that run in it.

use std::collections::BTreeMap;

use super::Stroke;
use super::lanes::{Bundle, Lanes};
use super::parts::{Link, Piece, Way};
use super::rows::{Joint, Rows};

/// A line that passes more rows than this has a lane beside them; else it has a place of its own in each.
const THROUGH: usize = 6;
/// Room inside a frame's border.
const PAD: i64 = 20;
/// The height of the strip for a frame's title.
const TITLE: i64 = 26;
/// Room between lanes, and between them and the rows.
const LANE: i64 = 14;
/// The least and the most room between two rows; more where lines run far to the side.
const GAP: (i64, i64) = (34, 80);
/// How far the control points of a turn reach into a gap; the turn itself takes three quarters.
const TURN: i64 = 32;
/// The most that a low box stands below the upper edge of its row.
const SINK: i64 = 24;

/// What a frame holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Child {
    /// A node or a label.
    Box(usize),
    /// Another frame, by its slot.
    Frame(usize),
}

/// A frame while it is laid out.
pub(super) struct Frame<'a> {
    slot: usize,
    children: &'a [Child],
    sizes: Vec<(i64, i64)>,
    pieces: &'a [Piece],
    /// How wide its title is; nothing for the whole picture.
    title: Option<i64>,
    layers: Vec<usize>,
    /// How many rows there are.
    count: usize,
    work: u64,
}

/// A frame that was laid out. Places are from its upper left corner.
pub(super) struct Made {
    pub(super) places: Vec<(i64, i64)>,
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) work: u64,
}

/// How a piece runs.
enum Route {
    /// Through these cells, row by row.
    Cells(Vec<usize>),
    /// In a lane.
    Lane(Bundle),
}

/// The upper and lower edge of each gap; row r lies between gap r and gap r + 1.
struct Gaps(Vec<(i64, i64)>);

impl<'a> Frame<'a> {
    pub(super) fn new(
        slot: usize,
        children: &'a [Child],
        sizes: Vec<(i64, i64)>,
        pieces: &'a [Piece],
        title: Option<i64>,
    ) -> Frame<'a> {
        Frame { slot, children, sizes, pieces, title, layers: Vec::new(), count: 0, work: 0 }
    }

    pub(super) fn lay(mut self, links: &mut [Link]) -> Made {
        self.layer();
        let mut rows = Rows::new(self.count);
        let cells: Vec<usize> =
            self.layers.iter().zip(&self.sizes).map(|(row, (width, _))| rows.cell(*row, *width)).collect();
        let mut lanes = Lanes::default();
        let routes = self.routes(links, &cells, &mut rows, &mut lanes);
        let inner = rows.place();
        lanes.assign();
        let beside = if lanes.count == 0 { 0 } else { (lanes.count as i64 + 1) * LANE };
        // A title that is wider than all below it has that in its middle.
        let margin = self.title.map_or(PAD, |title| PAD.max((title - inner - beside) / 2 + PAD));
        let left = |cell: usize| rows.left[cell] + margin;
        let lane = |bundle: Bundle| margin + inner + LANE * (lanes.of(bundle) as i64 + 1);
        let ports: Vec<Vec<i64>> = self
            .pieces
            .iter()
            .zip(&routes)
            .map(|(piece, route)| self.ports(links, *piece, route, &left, &lane))
            .collect();
        let gaps = self.gaps(&ports, &routes);
        let places: Vec<(i64, i64)> = (0..self.children.len())
            .map(|child| {
                let (top, bottom) = gaps.row(self.layers[child]);
                let below = ((bottom - top - self.sizes[child].1) / 2).min(SINK);
                (left(cells[child]), top + below)
            })
            .collect();
        let height = gaps.0.last().map_or(0, |(_, bottom)| *bottom);
        for ((piece, route), xs) in self.pieces.iter().zip(&routes).zip(&ports) {
            let strokes = self.strokes(*piece, route, xs, &gaps, &places, height);
            self.work += strokes.len() as u64;
            let link = &mut links[piece.link];
            match piece.way {
                Way::Across(..) => link.across = Some((self.slot, strokes)),
                Way::Out(_) => {
                    link.out_x = xs.last().copied().unwrap_or(0);
                    link.out.push((self.slot, strokes));
                }
                Way::In(_) => {
                    link.in_x = xs.first().copied().unwrap_or(0);
                    link.enter.push((self.slot, strokes));
                }
            }
        }
        let work = self.work + rows.work + lanes.work;
        Made { places, width: margin * 2 + inner + beside, height, work }
    }

    /// The row of each child: below all that lead to it. What leads to a child before it in the document leads back,
    /// and does not count.
    fn layer(&mut self) {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.children.len()];
        for piece in self.pieces {
            match piece.way {
                Way::Across(a, b) if a < b => before[b].push(a),
                _ => {}
            }
        }
        for list in before {
            let row = list.iter().map(|a| self.layers[*a] + 1).max().unwrap_or(0);
            self.layers.push(row);
            self.work += 1 + list.len() as u64;
            self.count = self.count.max(row + 1);
        }
    }

    /// How each piece runs. Lines to the same box share their places in the rows that they pass, and their lane.
    fn routes(&self, links: &[Link], cells: &[usize], rows: &mut Rows, lanes: &mut Lanes) -> Vec<Route> {
        let mut through: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut routes = Vec::with_capacity(self.pieces.len());
        for piece in self.pieces {
            let link = &links[piece.link];
            // The rows that it passes, and the gaps that it would enter and leave a lane in.
            let (passed, gaps, back) = match piece.way {
                Way::Across(a, b) => {
                    let (from, to) = (self.layers[a] + 1, self.layers[b]);
                    (from..to, (from, to), a >= b || from > to)
                }
                Way::Out(a) => (self.layers[a] + 1..self.count, (self.layers[a] + 1, self.count), false),
                Way::In(b) => (0..self.layers[b], (0, self.layers[b]), false),
            };
            if back || passed.len() > THROUGH {
                let bundle = Bundle { to: link.to, back };
                lanes.reach(bundle, gaps.0, gaps.1);
                routes.push(Route::Lane(bundle));
                continue;
            }
            let mut way = Vec::with_capacity(passed.len() + 2);
            if let Way::Across(a, _) | Way::Out(a) = piece.way {
                way.push(cells[a]);
            }
            for row in passed {
                way.push(*through.entry((link.to, row)).or_insert_with(|| rows.cell(row, 0)));
            }
            if let Way::Across(_, b) | Way::In(b) = piece.way {
                way.push(cells[b]);
            }
            for (at, pair) in way.windows(2).enumerate() {
                let out = if at == 0 { self.out_port(link, piece.way) } else { 0 };
                let enter = if at + 2 == way.len() { self.in_port(link, piece.way) } else { 0 };
                rows.join(Joint { upper: pair[0], lower: pair[1], out, enter });
            }
            routes.push(Route::Cells(way));
        }
        routes
    }

    /// Where a piece leaves its first child, from that child's left edge; 0 where it has none.
    fn out_port(&self, link: &Link, way: Way) -> i64 {
        match way {
            Way::Across(a, _) | Way::Out(a) => self.port(a, link.out_x),
            Way::In(_) => 0,
        }
    }

    /// Where a piece enters its last child, from that child's left edge; 0 where it has none.
    fn in_port(&self, link: &Link, way: Way) -> i64 {
        match way {
            Way::Across(_, b) | Way::In(b) => self.port(b, link.in_x),
            Way::Out(_) => 0,
        }
    }

    fn port(&self, child: usize, inner: i64) -> i64 {
        match self.children[child] {
            Child::Box(_) => self.sizes[child].0 / 2,
            Child::Frame(_) => inner,
        }
    }

    /// Where a piece is, gap by gap: for a lane its start, the lane, its end.
    fn ports(
        &self,
        links: &[Link],
        piece: Piece,
        route: &Route,
        left: &impl Fn(usize) -> i64,
        lane: &impl Fn(Bundle) -> i64,
    ) -> Vec<i64> {
        let link = &links[piece.link];
        let (out, enter) = (self.out_port(link, piece.way), self.in_port(link, piece.way));
        match route {
            Route::Cells(cells) => {
                let last = cells.len().saturating_sub(1);
                let mut xs: Vec<i64> = cells.iter().map(|cell| left(*cell)).collect();
                // A line through a child leaves where it leaves it; one child alone is left or entered.
                match (piece.way, xs.len()) {
                    (Way::In(_), 1) => xs[0] += enter,
                    (_, 1) => xs[0] += out,
                    _ => {
                        xs[0] += out;
                        xs[last] += enter;
                    }
                }
                xs
            }
            Route::Lane(bundle) => {
                let lane = lane(*bundle);
                // Children have the first cells, in their order.
                match piece.way {
                    Way::Across(a, b) => vec![left(a) + out, lane, left(b) + enter],
                    Way::Out(a) => vec![left(a) + out, lane],
                    Way::In(b) => vec![lane, left(b) + enter],
                }
            }
        }
    }

    /// How much room there is between rows: more where a line runs far to the side.
    fn gaps(&self, ports: &[Vec<i64>], routes: &[Route]) -> Gaps {
        let mut far = vec![None::<i64>; self.count + 1];
        let mut note = |gap: usize, one: i64, other: i64| {
            let most = far[gap].unwrap_or(0).max((one - other).abs());
            far[gap] = Some(most);
        };
        for ((piece, route), xs) in self.pieces.iter().zip(routes).zip(ports) {
            let (first, last) = match piece.way {
                Way::Across(a, b) => (self.layers[a] + 1, self.layers[b]),
                Way::Out(a) => (self.layers[a] + 1, self.count),
                Way::In(b) => (1, self.layers[b]),
            };
            match (route, piece.way, xs.as_slice()) {
                (Route::Cells(_), ..) => {
                    xs.windows(2).enumerate().for_each(|(at, pair)| note(first + at, pair[0], pair[1]));
                }
                (Route::Lane(_), Way::Across(..), [from, lane, to]) => {
                    note(first, *from, *lane);
                    note(last, *lane, *to);
                }
                (Route::Lane(_), Way::Out(_), [from, lane]) => note(first, *from, *lane),
                (Route::Lane(_), _, [lane, to]) => note(last, *lane, *to),
                (Route::Lane(_), ..) => {}
            }
        }
        let mut heights = vec![0_i64; self.count];
        for (row, (_, height)) in self.layers.iter().zip(&self.sizes) {
            heights[*row] = heights[*row].max(*height);
        }
        let mut y = if self.title.is_some() { TITLE } else { 0 };
        let mut gaps = Vec::with_capacity(far.len());
        for (gap, far) in far.into_iter().enumerate() {
            let outer = gap == 0 || gap == self.count;
            let room = match far {
                None if outer => {
                    if self.title.is_some() && gap == 0 {
                        PAD / 2
                    } else {
                        PAD
                    }
                }
                None => GAP.0,
                Some(far) => (GAP.0 + far / 12).min(GAP.1),
            };
            gaps.push((y, y + room));
            y += room + heights.get(gap).copied().unwrap_or(0);
        }
        if let (Some(first), true) = (gaps.first_mut(), self.title.is_some()) {
            // What enters from above passes the title's strip too.
            first.0 = TITLE;
        }
        Gaps(gaps)
    }

    fn strokes(
        &self,
        piece: Piece,
        route: &Route,
        xs: &[i64],
        gaps: &Gaps,
        places: &[(i64, i64)],
        height: i64,
    ) -> Vec<Stroke> {
        let mut pen = Pen::default();
        let top = |child: usize| places[child].1;
        let bottom = |child: usize| places[child].1 + self.sizes[child].1;
        let (first, last) = (xs.first().copied().unwrap_or(0), xs.last().copied().unwrap_or(0));
        // The row that the line comes from; nothing for one that comes from above all rows.
        let start = match piece.way {
            Way::Across(a, _) | Way::Out(a) => {
                pen.from(first, bottom(a));
                Some(self.layers[a])
            }
            Way::In(_) => {
                pen.from(first, 0);
                None
            }
        };
        match (route, piece.way) {
            (Route::Cells(_), _) => {
                let mut row = start.unwrap_or(0);
                for pair in xs.windows(2) {
                    row += 1;
                    pen.down(gaps.0[row].0);
                    pen.curve(pair[1], gaps.0[row].1);
                }
            }
            (Route::Lane(bundle), Way::Across(a, b)) if bundle.back => {
                pen.down(gaps.0[self.layers[a] + 1].0);
                pen.turn(xs[1], TURN);
                pen.down(gaps.0[self.layers[b]].1);
                pen.turn(last, -TURN);
            }
            (Route::Lane(_), way) => {
                if let Some(row) = start {
                    pen.down(gaps.0[row + 1].0);
                    pen.curve(xs[1], gaps.0[row + 1].1);
                }
                if let Way::Across(_, b) | Way::In(b) = way {
                    let gap = gaps.0[self.layers[b]];
                    pen.down(gap.0);
                    pen.curve(last, gap.1);
                }
            }
        }
        match piece.way {
            Way::Across(_, b) | Way::In(b) => pen.down(top(b)),
            Way::Out(_) => pen.down(height),
        }
        pen.strokes
    }
}

impl Gaps {
    /// The upper and lower edge of a row.
    fn row(&self, row: usize) -> (i64, i64) {
        (self.0[row].1, self.0[row + 1].0)
    }
}

/// Where a line is while it is drawn.
#[derive(Default)]
struct Pen {
    x: i64,
    y: i64,
    strokes: Vec<Stroke>,
}

impl Pen {
    fn from(&mut self, x: i64, y: i64) {
        (self.x, self.y) = (x, y);
        self.strokes.push(Stroke::From(x, y));
    }

    /// Straight, up or down.
    fn down(&mut self, y: i64) {
        if y != self.y {
            self.y = y;
            self.strokes.push(Stroke::To(self.x, y));
        }
    }

    /// Across a gap; upright at both ends.
    fn curve(&mut self, x: i64, y: i64) {
        if x == self.x {
            return self.down(y);
        }
        let middle = (self.y + y) / 2;
        self.strokes.push(Stroke::Curve([(self.x, middle), (x, middle), (x, y)]));
        (self.x, self.y) = (x, y);
    }

    /// Into a gap and back out of it on the same side.
    fn turn(&mut self, x: i64, depth: i64) {
        let reach = self.y + depth;
        self.strokes.push(Stroke::Curve([(self.x, reach), (x, reach), (x, self.y)]));
        self.x = x;
    }
}
