//! The measures.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Instant;

use flov7::embedded::Options;
use flov7::machine::Status;
use flov7::memory::InMemoryStore;
use flov7::store::Store;
use flov7::validate::ValidWorkflow;
use flov7_sqlite::SqliteStore;
use tokio::runtime::Runtime;

use super::limits::{Commits, Group, boxed_step};
use super::parked;
use super::stats::{Goal, Quartiles, Row};
use super::world::{Dir, World, fanout, sequence};

type Rows = Result<Vec<Row>, Box<dyn StdError + Send + Sync>>;

/// One configuration, which runs in a process of its own.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Runs it.
    pub run: fn() -> Rows,
}

/// All of them, in the order of the table.
pub const MEASURES: &[Measure] = &[
    Measure { name: "strict_sequence_10", run: || strict("strict_sequence_10", 10, 40, Goal::Most(1.3)) },
    Measure {
        name: "strict_sequence_1000",
        run: || strict("strict_sequence_1000", 1_000, 1, Goal::Most(1.3)),
    },
    Measure { name: "strict_throughput", run: throughput },
    Measure { name: "riding_10", run: || whole("riding_10", Shape::Riding(10), Goal::Most(1.4)) },
    Measure { name: "riding_1000", run: || whole("riding_1000", Shape::Riding(1_000), Goal::Most(12.0)) },
    Measure { name: "memory_step", run: memory_step },
    Measure { name: "memory_rate", run: || memory_rate("memory_rate", false, Goal::Least(0.15)) },
    Measure {
        name: "memory_rate_with_history",
        run: || memory_rate("memory_rate_with_history", true, Goal::Least(0.1)),
    },
    Measure { name: "flatness", run: flatness },
    Measure { name: "fanout_100", run: || whole("fanout_100", Shape::Fanout(100), Goal::Most(3.5)) },
    Measure { name: "first_execution_ms", run: parked::first_execution },
    Measure { name: "parked_bytes", run: parked::parked },
];

/// How many slices a median is taken over.
const SLICES: usize = 15;

fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// An executor over a file whose log has wrapped, beside the limit C.
struct Bench {
    runtime: Runtime,
    world: World,
    commits: Commits,
    _dir: Dir,
}

impl Bench {
    fn open(name: &str) -> Result<Bench, Box<dyn StdError + Send + Sync>> {
        let dir = Dir::new(name)?;
        let commits = Commits::open(dir.path())?;
        let runtime = runtime()?;
        let store = SqliteStore::open(dir.path().join("flov7.db"), flov7_sqlite::Options::new())?;
        let world = runtime.block_on(async { World::open(Arc::new(store), Options::default()) })?;
        let bench = Bench { runtime, world, commits, _dir: dir };
        let warm = sequence(&bench.world.catalog, "bench.strict", 100)?;
        for _ in 0..12 {
            bench.one(&warm)?;
        }
        Ok(bench)
    }

    fn one(&self, workflow: &ValidWorkflow) -> Result<f64, flov7::error::Error> {
        self.runtime.block_on(self.on_worker(workflow))
    }

    async fn on_worker(&self, workflow: &ValidWorkflow) -> Result<f64, flov7::error::Error> {
        self.world.one(workflow, Status::Completed).await.map(|time| time.as_secs_f64())
    }

    /// Slices of `rounds` executions between slices of C: the mean time of one execution, and the same in C.
    fn slices(
        &self,
        workflow: &ValidWorkflow,
        rounds: u32,
    ) -> Result<(Vec<f64>, Vec<f64>), Box<dyn StdError + Send + Sync>> {
        let (mut times, mut ratios) = (Vec::new(), Vec::new());
        let mut before = self.commits.slice(60)?.as_secs_f64();
        for _ in 0..SLICES {
            let mut time = 0.0;
            for _ in 0..rounds {
                time += self.one(workflow)?;
            }
            time /= f64::from(rounds);
            let after = self.commits.slice(60)?.as_secs_f64();
            times.push(time);
            ratios.push(time / f64::midpoint(before, after));
            before = after;
        }
        Ok((times, ratios))
    }
}

fn strict(measure: &'static str, steps: usize, rounds: u32, goal: Goal) -> Rows {
    let bench = Bench::open(measure)?;
    let workflow = sequence(&bench.world.catalog, "bench.strict", steps)?;
    let (times, ratios) = bench.slices(&workflow, rounds)?;
    #[allow(clippy::cast_precision_loss, reason = "at most a thousand")]
    let per_step = |all: Vec<f64>| Quartiles::of(all.into_iter().map(|one| one / steps as f64).collect());
    let value = per_step(times).median * 1e6;
    Ok(vec![Row { measure, value, unit: "us/step", ratio: Some((per_step(ratios), "C")), goal }])
}

enum Shape {
    Riding(usize),
    Fanout(usize),
}

fn whole(measure: &'static str, shape: Shape, goal: Goal) -> Rows {
    let bench = Bench::open(measure)?;
    let (workflow, rounds) = match shape {
        Shape::Riding(steps) => {
            (sequence(&bench.world.catalog, "bench.read", steps)?, if steps > 100 { 4 } else { 40 })
        }
        Shape::Fanout(steps) => (fanout(&bench.world.catalog, steps)?, 10),
    };
    let (times, ratios) = bench.slices(&workflow, rounds)?;
    let (value, ratio) = (Quartiles::of(times).median * 1e6, Quartiles::of(ratios));
    Ok(vec![Row { measure, value, unit: "us", ratio: Some((ratio, "C")), goal }])
}

fn throughput() -> Rows {
    const EXECUTIONS: usize = 1_000;
    const FLIGHT: usize = 64;
    let dir = Dir::new("throughput")?;
    let group = Group::open(dir.path())?;
    let runtime = runtime()?;
    let store = SqliteStore::open(dir.path().join("flov7.db"), flov7_sqlite::Options::new())?;
    let world = Arc::new(runtime.block_on(async { World::open(Arc::new(store), Options::default()) })?);
    let workflow = Arc::new(sequence(&world.catalog, "bench.strict", 10)?);
    let (mut rates, mut ratios, mut spreads) = (Vec::new(), Vec::new(), Vec::new());
    // Once for nothing: the logs wrap.
    group.slice(&runtime, 100);
    flight(&runtime, &world, &workflow, EXECUTIONS, FLIGHT)?;
    let mut before = group.slice(&runtime, 100);
    for _ in 0..7 {
        let start = Instant::now();
        let mut latencies = flight(&runtime, &world, &workflow, EXECUTIONS, FLIGHT)?;
        #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
        let rate = (latencies.len() * 10) as f64 / start.elapsed().as_secs_f64();
        let after = group.slice(&runtime, 100);
        rates.push(rate);
        ratios.push(rate / f64::midpoint(before, after));
        before = after;
        latencies.sort_by(f64::total_cmp);
        #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
        let mean = latencies.iter().sum::<f64>() / latencies.len() as f64;
        spreads.push(latencies[latencies.len() * 99 / 100] / mean);
    }
    let spread = Quartiles::of(spreads);
    Ok(vec![
        Row {
            measure: "strict_throughput",
            value: Quartiles::of(rates).median,
            unit: "steps/s",
            ratio: Some((Quartiles::of(ratios), "G")),
            goal: Goal::Least(0.65),
        },
        Row { measure: "p99_over_mean", value: spread.median, unit: "", ratio: None, goal: Goal::Most(1.5) },
    ])
}

/// Runs executions, so many at a time; gives how long each took.
fn flight(
    runtime: &Runtime,
    world: &Arc<World>,
    workflow: &Arc<ValidWorkflow>,
    executions: usize,
    at_once: usize,
) -> Result<Vec<f64>, Box<dyn StdError + Send + Sync>> {
    runtime.block_on(async {
        let next = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let lanes: Vec<_> = (0..at_once)
            .map(|_| {
                let (next, world, workflow) = (next.clone(), world.clone(), workflow.clone());
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    while next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < executions {
                        times.push(world.one(&workflow, Status::Completed).await?.as_secs_f64());
                    }
                    Ok::<_, flov7::error::Error>(times)
                })
            })
            .collect();
        let mut all = Vec::with_capacity(executions);
        for lane in lanes {
            all.extend(lane.await??);
        }
        Ok(all)
    })
}

/// How many bytes of executions that ended a store in memory keeps, as whoever runs for long would set it.
const ENDED_BYTES: usize = 1024 * 1024;

/// An executor over memory that keeps no journals, or that does.
fn in_memory(history: bool) -> Result<(Runtime, Arc<World>), Box<dyn StdError + Send + Sync>> {
    let runtime = runtime()?;
    let store = InMemoryStore::new().with_ended_bytes(ENDED_BYTES);
    let store: Arc<dyn Store> = if history { Arc::new(store) } else { Arc::new(store.without_history()) };
    let world = Arc::new(runtime.block_on(async { World::open(store, Options::default()) })?);
    Ok((runtime, world))
}

fn memory_step() -> Rows {
    let (runtime, world) = in_memory(false)?;
    let workflow = Arc::new(sequence(&world.catalog, "bench.strict", 10)?);
    flight(&runtime, &world, &workflow, 2_000, 1)?;
    let (mut times, mut ratios) = (Vec::new(), Vec::new());
    let mut before = boxed_step(&runtime, 20_000).as_secs_f64();
    for _ in 0..SLICES {
        let latencies = flight(&runtime, &world, &workflow, 2_000, 1)?;
        #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
        let step = latencies.iter().sum::<f64>() / (latencies.len() * 10) as f64;
        let after = boxed_step(&runtime, 20_000).as_secs_f64();
        times.push(step);
        ratios.push(step / f64::midpoint(before, after));
        before = after;
    }
    Ok(vec![Row {
        measure: "memory_step",
        value: Quartiles::of(times).median * 1e6,
        unit: "us/step",
        ratio: Some((Quartiles::of(ratios), "F")),
        goal: Goal::Most(7.0),
    }])
}

fn memory_rate(measure: &'static str, history: bool, goal: Goal) -> Rows {
    let (runtime, world) = in_memory(history)?;
    let workflow = Arc::new(sequence(&world.catalog, "bench.strict", 10)?);
    flight(&runtime, &world, &workflow, 4_000, 64)?;
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    let mut before = boxed_step(&runtime, 20_000).as_secs_f64();
    for _ in 0..7 {
        let start = Instant::now();
        let done = flight(&runtime, &world, &workflow, 4_000, 64)?.len();
        #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
        let rate = (done * 10) as f64 / start.elapsed().as_secs_f64();
        let after = boxed_step(&runtime, 20_000).as_secs_f64();
        rates.push(rate);
        ratios.push(rate * f64::midpoint(before, after));
        before = after;
    }
    Ok(vec![Row {
        measure,
        value: Quartiles::of(rates).median,
        unit: "steps/s",
        ratio: Some((Quartiles::of(ratios), "1/F")),
        goal,
    }])
}

fn flatness() -> Rows {
    let bench = Bench::open("flatness")?;
    let short = sequence(&bench.world.catalog, "bench.strict", 10)?;
    let long = sequence(&bench.world.catalog, "bench.strict", 1_000)?;
    let mut ratios = Vec::new();
    for _ in 0..9 {
        let mut small = 0.0;
        for _ in 0..50 {
            small += bench.one(&short)?;
        }
        let large = bench.one(&long)?;
        let mut again = 0.0;
        for _ in 0..50 {
            again += bench.one(&short)?;
        }
        // One commit more than steps: each is held against its own number of commits.
        ratios.push((large / 1_001.0) / (f64::midpoint(small, again) / 50.0 / 11.0));
    }
    let ratio = Quartiles::of(ratios);
    Ok(vec![Row { measure: "flatness", value: ratio.median, unit: "", ratio: None, goal: Goal::Most(1.05) }])
}
