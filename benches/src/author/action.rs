//! Actions: of the application, and of flov7.

use flov7::catalog::{ActionDescriptor, ConnectorDescriptor, ConnectorUse, Effect};
use serde_json::{Map, Value, json};

use super::constant::varying;
use super::scope::{Read, Scope};
use super::step::{Kind, Made};
use super::{Author, E};
use crate::ty::{Member, Rest, Ty};

impl Author {
    /// A call of an action that is made for it.
    pub(super) fn call(&mut self, id: &str, s: &Scope) -> Made {
        if self.dice.chance(1, 12) {
            return self.http(id, s);
        }
        self.count("action");
        let output = Ty::random(&mut self.dice, 3);
        let (uses, with, connection) = self.used(s, &output);
        let mut action = json!({ "use": uses });
        if let Some(with) = with {
            action["with"] = with;
        }
        if let Some(connection) = connection {
            action["connection"] = json!(connection);
        }
        let mut value = output.clone();
        if self.dice.chance(1, 3) {
            let narrow = match &output {
                Ty::Any => Some(Ty::random(&mut self.dice, 2)),
                other => self.narrower(&other.clone()),
            };
            if let Some(narrow) = narrow {
                self.count("expect");
                action["expect"] = self.expected(&output, &narrow);
                value = narrow;
            }
        }
        self.world.outputs.insert(id.to_owned(), value.clone());
        let mut made = Made::new(json!({ "action": action }), value.clone(), false);
        made.kind = Kind::Action;
        made.codes = vec!["x.no".to_owned(), "x.busy".to_owned(), "y.*".to_owned()];
        self.policies(&mut made.step);
        if self.dice.chance(1, 4) {
            self.count("undo");
            let mut own = s.clone();
            own.add(&format!("steps.{id}"), &value, false, &[]);
            let gives = Ty::random(&mut self.dice, 1);
            let (uses, with, connection) = self.used(&own, &gives);
            let mut undo = json!({ "use": uses });
            if let Some(with) = with {
                undo["with"] = with;
            }
            if let Some(connection) = connection {
                undo["connection"] = json!(connection);
            }
            if self.dice.chance(1, 3) {
                undo["retry"] = json!({ "attempts": self.dice.between(1, 3), "first": "100ms" });
            }
            self.world.outputs.insert(format!("{id}/undo"), gives);
            made.step["undo"] = undo;
        }
        made
    }

    fn policies(&mut self, step: &mut Value) {
        if self.dice.chance(1, 3) {
            self.count("retry");
            step["retry"] =
                json!({ "attempts": self.dice.between(1, 4), "first": *self.dice.one(&["0s", "1s", "20s"]) });
            if self.dice.chance(1, 2) {
                step["retry"]["factor"] = json!(*self.dice.one(&[1.0, 1.5, 3.0]));
                step["retry"]["max"] = json!("1m");
            }
        }
        if self.dice.chance(1, 6) {
            self.count("attempt_timeout");
            step["attempt_timeout"] = json!(*self.dice.one(&["1s", "30s", "5m"]));
        }
    }

    /// A new action that gives `output`; its id, its input as a template, and a connection where it needs one.
    fn used(&mut self, s: &Scope, output: &Ty) -> (String, Option<Value>, Option<String>) {
        self.actions += 1;
        let uses = format!("x.a{}", self.actions);
        let input = self.input_type(s);
        let given = self.template(s, &input, 3);
        let effects = [Effect::None, Effect::Idempotent, Effect::Keyed, Effect::Once];
        let mut action = ActionDescriptor::new(
            &*uses,
            "Do",
            input.schema(&mut self.dice, &[]),
            output.schema(&mut self.dice, &[]),
        )
        .with_error("x.no", false, "It cannot be done.")
        .with_error("x.busy", true, "Not now.")
        .with_error("y.*", false, "What the other side says.");
        action = if self.dice.chance(1, 6) {
            self.count("effect by input");
            action.with_effect_by("/method", &[("GET", Effect::None), ("*", Effect::Once)])
        } else {
            action.with_effect(*self.dice.one(&effects))
        };
        let mut connection = None;
        if self.dice.chance(1, 5) {
            self.count("connection");
            let connector = *self.dice.one(&["crm", "bank"]);
            action = action.with_connector(ConnectorUse::Required(connector.to_owned()));
            connection = Some(self.connection(connector));
        }
        self.catalog = std::mem::take(&mut self.catalog).with_action(action);
        let empty = given.template.as_object().is_some_and(Map::is_empty);
        let with = if empty && self.dice.chance(1, 2) { None } else { Some(given.template) };
        (uses, with, connection)
    }

    /// What an action takes: members of any type, and some of types that are at hand.
    fn input_type(&mut self, s: &Scope) -> Ty {
        let mut members = Vec::new();
        for name in ["p", "q", "r"] {
            if members.len() > 1 && self.dice.chance(1, 2) {
                break;
            }
            let near = s.pick(&mut self.dice, |read: &Read| read.guard.is_empty());
            let ty = match near {
                Some(read) if self.dice.chance(1, 2) => read.ty.clone(),
                _ => Ty::random(&mut self.dice, 2),
            };
            members.push(Member { name: name.to_owned(), ty, required: self.dice.chance(3, 4) });
        }
        let rest = if self.dice.chance(1, 2) { Rest::Closed } else { Rest::Open };
        Ty::object(members, rest)
    }

    fn connection(&mut self, connector: &str) -> String {
        if let Some((id, _)) = self.connections.iter().find(|(_, own)| own == connector) {
            return id.clone();
        }
        let id = format!("{connector}_main");
        self.connections.push((id.clone(), connector.to_owned()));
        let described = ConnectorDescriptor::new(connector, "A service", json!({ "type": "object" }));
        self.catalog = std::mem::take(&mut self.catalog).with_connector(described);
        id
    }

    /// An `expect`: the whole of the smaller type, or what it says beyond the action's own.
    fn expected(&mut self, output: &Ty, narrow: &Ty) -> Value {
        if let (Ty::Object(wide), Ty::Object(small)) = (output, narrow)
            && self.dice.chance(1, 2)
        {
            let changed = small.members.iter().filter(|member| wide.member(&member.name) != Some(member));
            let changed: Vec<Member> = changed.cloned().collect();
            let mut properties = Map::new();
            let mut required = Vec::new();
            for member in changed {
                properties.insert(member.name.clone(), member.ty.part(&mut self.dice, &self.names));
                if member.required {
                    required.push(member.name);
                }
            }
            return json!({ "properties": properties, "required": required });
        }
        self.schema(narrow)
    }

    /// `http.request`, whose path is only judged when it is called.
    fn http(&mut self, id: &str, s: &Scope) -> Made {
        self.count("http.request");
        self.catalog = std::mem::take(&mut self.catalog).with_action(http_request());
        let connection = self.connection("http");
        let path = match self.dice.roll(3) {
            0 => json!("/orders"),
            _ => json!(format!("/orders/${{ {} }}", varying(&self.number(s, true, 1).text))),
        };
        let mut with = json!({ "path": path });
        if self.dice.chance(1, 2) {
            with["method"] = json!(*self.dice.one(&["GET", "POST", "PUT"]));
        }
        if self.dice.chance(1, 3) {
            with["body"] = self.template(s, &Ty::Any, 1).template;
        }
        let mut action = json!({ "use": "http.request", "connection": connection, "with": with });
        let member = |name: &str, ty| Member { name: name.to_owned(), ty, required: true };
        let headers = Ty::object(Vec::new(), Rest::Of(Box::new(Ty::text())));
        let mut body = Ty::Any;
        if self.dice.chance(1, 2) {
            self.count("expect");
            body = Ty::random_object(&mut self.dice, 1);
            action["expect"] = json!({ "properties": { "body": body.part(&mut self.dice, &self.names) } });
        }
        let members = vec![
            member("status", Ty::int_between(100, 599)),
            member("headers", headers),
            member("body", body),
        ];
        let value = Ty::object(members, Rest::Closed);
        self.world.outputs.insert(id.to_owned(), value.clone());
        let mut made = Made::new(json!({ "action": action }), value, false);
        made.kind = Kind::Action;
        made.codes = vec!["http.404".to_owned(), "http.*".to_owned()];
        self.policies(&mut made.step);
        made
    }

    /// An action that flov7 does itself.
    pub(super) fn core(&mut self, id: &str, s: &Scope, conditional: bool) -> Made {
        match self.dice.roll(9) {
            0 => self.wait(s),
            6 | 7 => self.call_workflow(id, s),
            8 => self.emit(s),
            1 | 2 => self.wait_for(id, s),
            3 => self.approve(s),
            4 => self.ask(id, s),
            _ if conditional => self.fail(s),
            _ => self.wait(s),
        }
    }

    fn wait(&mut self, s: &Scope) -> Made {
        let with = match self.dice.roll(5) {
            0 | 1 => {
                self.count("core.wait for");
                json!({ "for": *self.dice.one(&["0s", "5s", "1h30m", "P1D"]) })
            }
            2 => {
                self.count("core.wait for computed");
                let text = if self.dice.chance(1, 2) { self.span(s, 2) } else { self.text(s, 1).text };
                json!({ "for": self.marked(&text) })
            }
            3 => {
                self.count("core.wait until");
                json!({ "until": "2026-03-01T00:00:00Z" })
            }
            _ => {
                self.count("core.wait until computed");
                let text = if self.dice.chance(2, 3) { self.time(s, 2) } else { self.text(s, 1).text };
                json!({ "until": self.marked(&text) })
            }
        };
        let mut made = Made::new(json!({ "action": { "use": "core.wait", "with": with } }), Ty::Null, false);
        made.kind = Kind::Action;
        made
    }

    fn wait_for(&mut self, id: &str, s: &Scope) -> Made {
        self.count("core.wait_for");
        let known: Vec<(String, Ty)> = self.world.signals.clone().into_iter().collect();
        let (name, ty) = if known.is_empty() || (known.len() < 3 && self.dice.chance(1, 2)) {
            let name = format!("sig{}", known.len());
            let ty = Ty::random(&mut self.dice, 2);
            self.world.signals.insert(name.clone(), ty.clone());
            (name, ty)
        } else {
            self.dice.one(&known).clone()
        };
        let mut with = json!({ "signal": name });
        if self.dice.chance(1, 3) {
            self.count("core.wait_for key");
            with["key"] = if self.dice.chance(1, 2) { self.marked(&self.text_of(s)) } else { json!("k") };
        }
        let mut action = json!({ "use": "core.wait_for", "with": with });
        let mut value = ty.clone();
        if self.dice.chance(1, 5)
            && let Some(narrow) = self.narrower(&ty)
        {
            self.count("core.wait_for expect");
            action["expect"] = self.expected(&ty, &narrow);
            value = narrow;
        }
        let _ = id;
        let mut made = Made::new(json!({ "action": action }), value, false);
        made.kind = Kind::Action;
        made
    }

    /// A text to tell waits apart by.
    fn text_of(&self, s: &Scope) -> String {
        let mut dice = self.dice.clone();
        let read = s.pick(&mut dice, |read| read.guard.is_empty() && matches!(read.ty, Ty::Text(_)));
        read.map_or_else(|| "\"k\" + \"1\"".to_owned(), |read| read.path.clone())
    }

    fn person(&mut self, s: &Scope) -> Value {
        let mut with = json!({ "title": self.interpolated(s, 1) });
        if self.dice.chance(1, 2) {
            with["details"] = self.template(s, &Ty::Any, 1).template;
        }
        if self.dice.chance(1, 3) {
            with["to"] = json!("manager");
        }
        with
    }

    fn approve(&mut self, s: &Scope) -> Made {
        self.count("core.approve");
        let with = self.person(s);
        let member = |name: &str, required| Member { name: name.to_owned(), ty: Ty::text(), required };
        let value =
            Ty::object(vec![member("by", true), member("at", true), member("note", false)], Rest::Closed);
        let mut made = Made::new(json!({ "action": { "use": "core.approve", "with": with } }), value, false);
        made.kind = Kind::Action;
        made.codes = vec!["rejected".to_owned()];
        made
    }

    fn ask(&mut self, id: &str, s: &Scope) -> Made {
        self.count("core.ask");
        let (with, ty) = (self.person(s), Ty::random(&mut self.dice, 2));
        let expect = self.schema(&ty);
        self.world.outputs.insert(id.to_owned(), ty.clone());
        let action = json!({ "use": "core.ask", "with": with, "expect": expect });
        let mut made = Made::new(json!({ "action": action }), ty, false);
        made.kind = Kind::Action;
        made
    }

    /// A failure on purpose. Where it is not conditional, nothing behind it in its block runs.
    pub(super) fn fail(&mut self, s: &Scope) -> Made {
        self.count("core.fail");
        let mut with = json!({ "code": "too_bad", "message": self.interpolated(s, 1) });
        if self.dice.chance(1, 3) {
            with["details"] = self.template(s, &Ty::Any, 1).template;
        }
        let mut made = Made::new(json!({ "action": { "use": "core.fail", "with": with } }), Ty::Null, false);
        made.kind = Kind::Fail;
        made.codes = vec!["too_bad".to_owned()];
        made
    }

    /// An expression of a type that is at hand, or else a random one.
    pub(super) fn some_list(&mut self, s: &Scope) -> E {
        let read = s.pick(&mut self.dice, |read| read.guard.is_empty() && matches!(read.ty, Ty::List(_)));
        match read {
            Some(read) if self.dice.chance(3, 4) => {
                E { text: read.path.clone(), ty: read.ty.clone(), computed: read.computed }
            }
            _ => {
                let item = Ty::random(&mut self.dice, 1);
                self.list(s, &item, 2)
            }
        }
    }
}

/// The interface of the HTTP connector's action, of which the validator knows that its path can be refused.
pub fn http_request() -> ActionDescriptor {
    ActionDescriptor::new(
        "http.request",
        "Send a request",
        json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "method": { "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], "default": "GET" },
                "path": { "type": "string", "format": "uri-path" }, "url": { "type": "string" },
                "query": { "type": "object" }, "ok_statuses": { "type": "array", "items": { "type": "integer" } },
                "big_numbers": { "enum": ["error", "string"] }, "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                "body": true
            }
        }),
        json!({
            "type": "object", "required": ["status", "headers", "body"], "additionalProperties": false,
            "properties": {
                "status": { "type": "integer", "minimum": 100, "maximum": 599 },
                "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                "body": true
            }
        }),
    )
    .with_connector(ConnectorUse::Optional("http".to_owned()))
    .with_effect_by("/method", &[("GET", Effect::None), ("PUT", Effect::Idempotent), ("*", Effect::Once)])
    .with_error("http.*", false, "The other side answered with an error.")
}
