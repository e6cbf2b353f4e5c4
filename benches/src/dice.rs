//! Seeded randomness: the same seed rolls the same, everywhere.

/// A seeded generator (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that roll as `seed` says.
    #[must_use]
    pub fn new(seed: u64) -> Dice {
        // Seeds that follow each other would roll alike at first.
        let mut dice = Dice(seed ^ 0x5851_f42d_4c95_7f2d);
        dice.bits();
        dice
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `sides`; 0 where there are none.
    pub fn roll(&mut self, sides: u64) -> u64 {
        if sides == 0 { 0 } else { self.bits() % sides }
    }

    /// A position in something of that length.
    pub fn at(&mut self, length: usize) -> usize {
        self.roll(length as u64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll(high.saturating_sub(low) + 1)
    }

    /// True `part` times out of `whole`.
    pub fn chance(&mut self, part: u64, whole: u64) -> bool {
        self.roll(whole) < part
    }

    /// One of several, of which there is at least one.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.at(of.len())]
    }
}
