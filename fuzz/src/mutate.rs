//! Changes of seeds, by seeded randomness: the same seed and number give the same bytes everywhere.

use crate::Target;

/// No input grows beyond this.
const MOST: usize = 16 << 10;

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is above 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // The modulo's bias does not matter here.
        usize::try_from(self.bits() % (bound.max(1) as u64)).unwrap_or(0)
    }
}

/// The input of a case: one of the seeds, changed once to eight times.
#[must_use]
pub fn case(target: &Target, seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut random = Random::new(number.wrapping_mul(0xd134_2543_de82_ef95) ^ target.name.len() as u64);
    if seeds.is_empty() {
        return Vec::new();
    }
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(8) {
        change(&mut bytes, target, seeds, &mut random);
        bytes.truncate(MOST);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, target: &Target, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = (at + random.below(32)).min(bytes.len());
    match random.below(9) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            bytes.drain(at..end);
        }
        2 => {
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        3 | 4 => {
            let word = target.words[random.below(target.words.len())];
            bytes.splice(at..at, word.bytes());
        }
        5 => {
            let word = target.words[random.below(target.words.len())];
            bytes.splice(at..end, word.bytes());
        }
        6 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len() + 1);
            let to = (from + random.below(128)).min(other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        7 => bytes.truncate(at),
        _ => {
            // The same piece many times over: what nests or repeats.
            let piece = bytes[at..end].to_vec();
            let many = piece.repeat(1 + random.below(64));
            bytes.splice(at..at, many);
        }
    }
}
