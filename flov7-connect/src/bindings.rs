//! The file of bindings: what an operator attaches to connections.

use flov7::connect::{Binding, Bindings};
use flov7::id::Name;
use serde_json::{Map, Value};

use crate::fault::{BindingFault, at};
use crate::http::HTTP;
use crate::http::settings::Settings;

/// Reads `{"flov7_bindings": 1, "connections": {ID: {"connector", …}}}` (FORMAT, the files around a document).
///
/// The settings of `http` bindings are checked too; those of other connectors by the connector itself
/// ([`flov7::connect::Connector::check`]).
///
/// ```
/// use serde_json::json;
///
/// let bindings = flov7_connect::bindings::read(&json!({
///     "flov7_bindings": 1,
///     "connections": { "crm": { "connector": "http", "base_url": "https://crm.example/api", "auth": { "bearer": "CRM_TOKEN" } } }
/// })).unwrap();
/// assert_eq!(bindings.0["crm"].connector, "http");
///
/// let faults = flov7_connect::bindings::read(&json!({
///     "flov7_bindings": 1,
///     "connections": { "crm": { "connector": "http", "auth": { "bearer": "sk-live-51H" } } }
/// })).unwrap_err();
/// let places: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
/// assert_eq!(places, ["/connections/crm/base_url", "/connections/crm/auth/bearer"]);
/// assert!(!faults[1].to_string().contains("sk-live"));
/// ```
///
/// # Errors
/// Every fault, in the order of the connections' ids. None repeats what may be a secret.
pub fn read(file: &Value) -> Result<Bindings, Vec<BindingFault>> {
    let mut faults = Vec::new();
    let mut bindings = Bindings::default();
    let empty = Map::new();
    let members = file.as_object().unwrap_or_else(|| {
        faults.push(BindingFault::new("", "must be an object with flov7_bindings and connections"));
        &empty
    });
    if file.is_object() {
        match members.get("flov7_bindings") {
            Some(version) if version.as_u64() == Some(1) => {}
            Some(_) => {
                faults.push(BindingFault::new("/flov7_bindings", "must be 1, the only version there is"))
            }
            None => faults.push(BindingFault::new("", "has no member flov7_bindings, which must be 1")),
        }
        for name in members.keys().filter(|name| !matches!(name.as_str(), "flov7_bindings" | "connections")) {
            faults.push(BindingFault::new(
                at("", name),
                "no such member; there are flov7_bindings and connections",
            ));
        }
        match members.get("connections") {
            Some(Value::Object(connections)) => {
                let mut sorted: Vec<_> = connections.iter().collect();
                sorted.sort_unstable_by_key(|(id, _)| *id);
                for (id, value) in sorted {
                    if let Some(binding) = binding(id, value, &mut faults) {
                        bindings.0.insert(id.clone(), binding);
                    }
                }
            }
            Some(_) => faults
                .push(BindingFault::new("/connections", "must be an object of bindings by connection id")),
            None => faults.push(BindingFault::new("", "has no member connections")),
        }
    }
    if faults.is_empty() { Ok(bindings) } else { Err(faults) }
}

fn binding(id: &str, value: &Value, faults: &mut Vec<BindingFault>) -> Option<Binding> {
    let pointer = at("/connections", id);
    if let Err(error) = Name::parse(id) {
        faults.push(BindingFault::new(pointer.as_str(), error.to_string()));
    }
    let Some(members) = value.as_object() else {
        faults.push(BindingFault::new(pointer, "must be an object with connector and its settings"));
        return None;
    };
    let mut settings = members.clone();
    let connector = match settings.remove("connector") {
        Some(Value::String(connector)) => connector,
        Some(_) => {
            faults.push(BindingFault::new(
                at(&pointer, "connector"),
                "must be the id of a connector, such as \"http\"",
            ));
            return None;
        }
        None => {
            faults.push(BindingFault::new(
                pointer,
                "has no member connector, the id of a connector such as \"http\"",
            ));
            return None;
        }
    };
    if connector == HTTP
        && let Err(found) = Settings::read(&settings)
    {
        faults.extend(found.into_iter().map(|fault| fault.below(&pointer)));
    }
    Some(Binding { connector, settings })
}
