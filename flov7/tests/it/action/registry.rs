use flov7::action::{Registry, from_fn};
use flov7::catalog::{ActionDescriptor, Catalog, Effect};
use serde_json::json;

fn descriptor(output: serde_json::Value) -> ActionDescriptor {
    ActionDescriptor::new("crm.find", "Find", json!({ "type": "object" }), output).with_effect(Effect::None)
}

fn registry(descriptor: ActionDescriptor) -> Registry {
    Registry::new().with_action(from_fn(descriptor, |_, _| async { Ok(json!(null)) }))
}

#[test]
fn bundle_handlers_are_matched_by_interface() {
    let today = registry(descriptor(json!({ "type": "string" })));
    let same = descriptor(json!({ "type": "string" })).with_description("other words").interface();
    assert!(today.handler("crm.find", &same).is_some());
    let other = descriptor(json!({ "type": "number" })).interface();
    assert!(today.handler("crm.find", &other).is_none());
    assert!(today.handler("crm.other", &same).is_none());
}

#[test]
fn bundle_a_handler_may_declare_itself_compatible() {
    let old = descriptor(json!({ "type": "string" })).interface();
    let mut new = descriptor(json!({ "type": "string", "maxLength": 10 }));
    assert!(registry(new.clone()).handler("crm.find", &old).is_none());
    new.compatible.push(old);
    assert!(registry(new).handler("crm.find", &old).is_some());
}

#[test]
fn a_catalogue_declares_without_a_handler() {
    let declared = descriptor(json!(true));
    let registry = Registry::new().with_catalog(Catalog::new().with_action(declared.clone()));
    assert!(registry.catalog().action("crm.find").is_some());
    assert!(registry.handler("crm.find", &declared.interface()).is_none());
}
