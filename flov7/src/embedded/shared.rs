//! What all tasks of an executor share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::Options;
use super::connections::{Connections, Equipment};
use super::hub::{Hub, Key};
use crate::clock::{Clock, Entropy};
use crate::error::Error;
use crate::execute::{InputChecker, check_input, uncompilable};
use crate::id::{Digest, Namespace};
use crate::machine::{Blocked, BlockedReason, Machine};
use crate::observe::{Observation, Observer};
use crate::program::Program;
use crate::store::Store;
use crate::validate::{Bundle, calls};

/// How many compiled bundles are kept.
const KITS: usize = 256;

pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) observer: Option<Arc<dyn Observer>>,
    pub(super) connections: Connections,
    pub(super) options: Options,
    pub(super) owner: String,
    pub(super) hub: Arc<Hub>,
    /// What it works on, where that is not everything.
    named: Option<Mutex<BTreeSet<Key>>>,
    kits: Mutex<Kits>,
}

/// A bundle made ready to run in one namespace: compiled, with its handlers and connections.
pub(super) struct Kit {
    pub(super) program: Arc<Program>,
    pub(super) input: InputChecker,
    pub(super) equipment: Equipment,
    /// What it calls, itself included where it is among that.
    pub(super) callees: BTreeMap<String, Callee>,
}

/// A workflow that can be called.
pub(super) struct Callee {
    pub(super) bundle: Arc<Bundle>,
    pub(super) digest: Digest,
    pub(super) program: Arc<Program>,
}

impl Callee {
    fn of(bundle: &Bundle, name: &str) -> Result<Callee, Blocked> {
        let found = bundle.callee(name).ok_or_else(|| {
            Blocked::new(BlockedReason::Defect, format!("the bundle does not hold the workflow `{name}`"))
        })?;
        let program = Program::compile(&found).map_err(|error| uncompilable(&error))?;
        Ok(Callee { digest: found.digest(), bundle: Arc::new(found), program })
    }
}

/// Kits that were used lately.
#[derive(Default)]
struct Kits {
    by_key: BTreeMap<(Namespace, Digest), (Arc<Kit>, u64)>,
    uses: u64,
}

/// The parts that an executor is made of.
pub(super) struct Parts {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) observer: Option<Arc<dyn Observer>>,
    pub(super) connections: Connections,
    pub(super) options: Options,
    pub(super) owner: String,
    pub(super) only_named: bool,
}

impl Shared {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { store, clock, entropy, observer, connections, options, owner, only_named } = parts;
        let hub = Arc::new(Hub::new(options.live, options.live_per_namespace));
        let named = only_named.then(Mutex::default);
        Shared {
            store,
            clock,
            entropy,
            observer,
            connections,
            options,
            owner,
            hub,
            named,
            kits: Mutex::default(),
        }
    }

    /// What it works on, where that is not everything.
    pub(super) fn named(&self) -> Option<BTreeSet<Key>> {
        let named = self.named.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        Some(named.clone())
    }

    /// How long what ended is kept, where it is not for ever.
    pub(super) fn retention(&self) -> Option<Duration> {
        self.options.retention.filter(|_| self.named.is_none())
    }

    /// From now on it works on this execution, too.
    pub(super) fn name(&self, key: &Key) {
        if let Some(named) = &self.named {
            named.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        }
    }

    /// It ended: nothing of it is to be worked on.
    pub(super) fn forget(&self, key: &Key) {
        if let Some(named) = &self.named {
            named.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        }
    }

    /// The state of a machine, where the store keeps no journal that says it.
    pub(super) fn state_of(&self, machine: &Machine) -> Option<Arc<[u8]>> {
        if self.store.capabilities().history { None } else { machine.snapshot() }
    }

    pub(super) fn observe(&self, observation: &Observation<'_>) {
        if let Some(observer) = &self.observer {
            observer.observe(observation);
        }
    }

    /// All that a bundle needs to run here, or what is in the way.
    pub(super) async fn kit(
        &self,
        namespace: &Namespace,
        digest: &Digest,
        bundle: &Arc<Bundle>,
    ) -> Result<Arc<Kit>, Blocked> {
        let key = (namespace.clone(), *digest);
        if let Some(kit) = self.kits().find(&key) {
            return Ok(kit);
        }
        let program = Program::compile(bundle).map_err(|error| uncompilable(&error))?;
        let equipment = self.connections.equip(namespace, bundle).await?;
        let callees = calls(&bundle.document)
            .into_iter()
            .map(|name| Ok((name.to_owned(), Callee::of(bundle, name)?)))
            .collect::<Result<_, Blocked>>()?;
        let input = InputChecker::of(bundle).map_err(|error| uncompilable(&error))?;
        let kit = Arc::new(Kit { program, input, equipment, callees });
        self.kits().keep(key, kit.clone());
        Ok(kit)
    }

    /// The input of a new execution, held against what its document says.
    pub(super) fn check_input(
        &self,
        namespace: &Namespace,
        digest: &Digest,
        bundle: &Bundle,
        input: Value,
    ) -> Result<Value, Error> {
        let kit = self.kits().find(&(namespace.clone(), *digest));
        match kit {
            Some(kit) => kit.input.check(input),
            // Its first execution here, or one that misses something.
            None => check_input(bundle, input),
        }
    }

    fn kits(&self) -> std::sync::MutexGuard<'_, Kits> {
        self.kits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kits {
    fn find(&mut self, key: &(Namespace, Digest)) -> Option<Arc<Kit>> {
        self.uses += 1;
        let (kit, used) = self.by_key.get_mut(key)?;
        *used = self.uses;
        Some(kit.clone())
    }

    fn keep(&mut self, key: (Namespace, Digest), kit: Arc<Kit>) {
        if self.by_key.len() >= KITS
            && let Some(oldest) =
                self.by_key.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone())
        {
            self.by_key.remove(&oldest);
        }
        self.uses += 1;
        self.by_key.insert(key, (kit, self.uses));
    }
}
