//! What waiting costs, and starting.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flov7::embedded::Options;
use flov7::machine::Status;
use flov7_sqlite::SqliteStore;

use super::stats::{Goal, Quartiles, Row};
use super::world::{Dir, World, input, sequence, waiting};

type Rows = Result<Vec<Row>, Box<dyn StdError + Send + Sync>>;

/// How many executions wait, in lots.
const PARKED: usize = LOTS * LOT;
const LOTS: usize = 5;
const LOT: usize = 20_000;

/// From the start of a process (the child's `main`) to its first durable execution's end.
pub(super) fn first_execution() -> Rows {
    let start = Instant::now();
    let dir = Dir::new("first")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let store = SqliteStore::open(dir.path().join("flov7.db"), flov7_sqlite::Options::new())?;
    let world = runtime.block_on(async { World::open(Arc::new(store), Options::default()) })?;
    let workflow = sequence(&world.catalog, "bench.strict", 1)?;
    runtime.block_on(world.one(&workflow, Status::Completed))?;
    let value = start.elapsed().as_secs_f64() * 1e3;
    Ok(vec![Row { measure: "first_execution_ms", value, unit: "ms", ratio: None, goal: Goal::Most(15.0) }])
}

/// Bytes of an execution that only waits, in memory and on the disk beyond its payload.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(super) fn parked() -> Rows {
    let dir = Dir::new("parked")?;
    let path = dir.path().join("flov7.db");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let store = SqliteStore::open(&path, flov7_sqlite::Options::new())?;
    let options = Options::default().with_linger(Duration::ZERO);
    let world = Arc::new(runtime.block_on(async { World::open(Arc::new(store), options) })?);
    let workflow = Arc::new(waiting(&world.catalog)?);
    // The caches of the store and of the allocator are full before it is counted.
    start(&runtime, &world, &workflow, LOT)?;
    let disk = std::fs::metadata(&path)?.len();
    let (mut grown, mut before) = (Vec::new(), memory()?);
    for _ in 0..LOTS {
        start(&runtime, &world, &workflow, LOT)?;
        let after = memory()?;
        grown.push((after - before) / LOT as f64);
        before = after;
    }
    let written = std::fs::metadata(&path)?.len().saturating_sub(disk);
    let payload = input().to_string().len() as u64;
    let each = |bytes: u64| bytes as f64 / PARKED as f64;
    Ok(vec![
        Row {
            measure: "parked_memory",
            // Of the lots the median: a thread that comes late takes room once, an execution would each time.
            value: Quartiles::of(grown).median,
            unit: "bytes",
            ratio: None,
            goal: Goal::Most(10.0),
        },
        Row {
            measure: "parked_disk",
            value: each(written.saturating_sub(payload * PARKED as u64)),
            unit: "bytes",
            ratio: None,
            goal: Goal::Most(1_024.0),
        },
    ])
}

/// Starts executions, and waits for each to be where it waits: at the end none of them is in memory.
fn start(
    runtime: &tokio::runtime::Runtime,
    world: &Arc<World>,
    workflow: &Arc<flov7::validate::ValidWorkflow>,
    count: usize,
) -> Result<(), Box<dyn StdError + Send + Sync>> {
    runtime.block_on(async {
        let lanes: Vec<_> = (0..64)
            .map(|lane| {
                let (world, workflow) = (world.clone(), workflow.clone());
                tokio::spawn(async move {
                    for _ in (lane..count).step_by(64) {
                        world.one(&workflow, Status::Waiting).await?;
                    }
                    Ok::<_, flov7::error::Error>(())
                })
            })
            .collect();
        for lane in lanes {
            lane.await??;
        }
        Ok(())
    })
}

/// Resident memory of this process, in bytes: what Linux says in `/proc/self/status`.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn memory() -> std::io::Result<f64> {
    Ok(status("VmRSS:")? as f64)
}

/// The most that was ever resident, in MiB.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
///
/// # Errors
/// Where the system does not say.
pub fn peak_mib() -> std::io::Result<f64> {
    Ok(status("VmHWM:")? as f64 / f64::from(1 << 20))
}

fn status(member: &str) -> std::io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(member));
    let kib =
        line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
    Ok(kib.unwrap_or(0) * 1024)
}
