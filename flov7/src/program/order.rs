//! Which step waits for which (RULES, order.barrier).

use crate::error::Error;
use crate::workflow;

/// For each step of a block, in order: the places of the steps that it must wait for, and no more than it must.
///
/// A step without `after` waits for all earlier ones. It is enough that it waits for those since the last such step,
/// and for that one: whatever came before had settled when that one began. So a list of n steps has n edges.
pub(super) fn waits(steps: &[workflow::Step]) -> Result<Vec<Vec<u32>>, Error> {
    let mut all = Vec::with_capacity(steps.len());
    let mut barrier = 0;
    let mut places = std::collections::BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        let at = super::build::number(at)?;
        all.push(match &step.after {
            None => {
                let since = (barrier..at).collect();
                barrier = at;
                since
            }
            Some(ids) => {
                let mut waits = Vec::with_capacity(ids.len());
                for id in ids {
                    let Some(place) = places.get(id.as_str()) else {
                        return Err(super::build::invalid(format!(
                            "`{}` waits for no earlier step `{id}`",
                            step.id
                        )));
                    };
                    waits.push(*place);
                }
                waits.sort_unstable();
                waits.dedup();
                waits
            }
        });
        places.insert(step.id.as_str(), at);
    }
    Ok(all)
}
