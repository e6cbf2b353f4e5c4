//! Hostile input for everything that reads text.
//!
//! A [`Target`] takes any bytes and holds what must be so of each: no panic, bounded work, and a property of its own
//! (what is read, written and read again is the same; what validation lets through compiles). Two drivers share the
//! targets: the bin `mutate` changes committed seeds with seeded randomness, so that a run can be repeated on any
//! stable toolchain, and `coverage/` hands them to libFuzzer:
//!
//! ```sh
//! cargo run --release -p flov7-fuzz --bin mutate -- --cases 1000000
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir fuzz/coverage -s none document fuzz/coverage/corpus/document \
//!     fuzz/seeds/document -- -max_total_time=600
//! ```

mod cron;
mod document;
mod expression;
pub mod mutate;
mod schema;
mod yaml;

use std::path::PathBuf;

/// Something that reads text.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its folder of seeds.
    pub name: &'static str,
    /// Reads any bytes; panics if what must be so is not.
    pub run: fn(&[u8]),
    /// Pieces of text that mean something to it.
    pub words: &'static [&'static str],
}

/// All targets.
pub const TARGETS: &[Target] =
    &[document::TARGET, yaml::TARGET, expression::TARGET, schema::TARGET, cron::TARGET];

impl Target {
    /// The target of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Target> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// The committed seeds, in the order of their names.
    ///
    /// # Errors
    /// When the folder of seeds cannot be read.
    pub fn seeds(&self) -> std::io::Result<Vec<Vec<u8>>> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("seeds").join(self.name);
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        files.iter().map(std::fs::read).collect()
    }
}

/// The text of some bytes: readers take texts, and what is no UTF-8 never comes as far as them.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
