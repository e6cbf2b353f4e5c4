//! The settings of an http binding, read with every fault at once.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use flov7::id::SecretName;
use flov7::workflow::parse_duration;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::headers;
use crate::fault::{BindingFault, at};
use crate::guard::{HostPort, normal_host};

/// Calls at the same time, if the binding does not say.
const CONCURRENT: u32 = 8;
/// Bytes of a response's body, if the binding does not say.
const RESPONSE_BYTES: usize = 1 << 20;
/// The most bytes of a response's body that a binding can ask for.
const MAX_RESPONSE_BYTES: usize = 16 << 20;
/// How long a call takes at most, if the binding does not say.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time that a binding can ask for.
const MAX_TIMEOUT: Duration = Duration::from_secs(3600);

/// A binding's settings, checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) base: Base,
    pub(crate) hosts: Vec<ListedHost>,
    pub(crate) allow_internal: BTreeSet<HostPort>,
    pub(crate) auth: Option<Auth>,
    /// In the order of their names, so that all requests have the same bytes.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) idempotency_header: Option<HeaderName>,
    pub(crate) limits: Limits,
}

/// What a path is appended to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// Scheme and authority: `https://crm.example:8443`.
    pub(crate) origin: String,
    /// The path without a final `/`; may be empty.
    pub(crate) path: String,
    pub(crate) place: HostPort,
}

/// A host that may be given the credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedHost {
    host: String,
    /// Without one: the scheme's own port, and the base URL's port on the base URL's host.
    port: Option<u16>,
}

/// Where the credential goes; secrets by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    Bearer(SecretName),
    Header { name: HeaderName, secret: SecretName },
    Basic { user: String, secret: SecretName },
}

impl Auth {
    pub(crate) fn secret(&self) -> &SecretName {
        match self {
            Auth::Bearer(secret) | Auth::Header { secret, .. } | Auth::Basic { secret, .. } => secret,
        }
    }

    /// The header that carries it.
    pub(crate) fn header(&self) -> HeaderName {
        match self {
            Auth::Header { name, .. } => name.clone(),
            Auth::Bearer(_) | Auth::Basic { .. } => reqwest::header::AUTHORIZATION,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) concurrent: u32,
    pub(crate) response_bytes: usize,
    pub(crate) timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { concurrent: CONCURRENT, response_bytes: RESPONSE_BYTES, timeout: TIMEOUT }
    }
}

/// The schema of the settings, for whoever writes bindings. [`Settings::read`] says more, and decides.
pub(crate) fn schema() -> Value {
    let secret = json!({ "type": "string", "pattern": "^[A-Z][A-Z0-9_]{0,63}$" });
    let text = json!({ "type": "string" });
    let object = |properties: Value, required: Value| json!({ "type": "object", "additionalProperties": false, "properties": properties, "required": required });
    object(
        json!({
            "base_url": text,
            "hosts": { "type": "array", "items": text, "minItems": 1 },
            "allow_internal": { "type": "array", "items": text },
            "auth": { "oneOf": [
                object(json!({ "bearer": secret }), json!(["bearer"])),
                object(json!({ "header": object(json!({ "name": text, "secret": secret }), json!(["name", "secret"])) }),
                    json!(["header"])),
                object(json!({ "basic": object(json!({ "user": text, "secret": secret }), json!(["user", "secret"])) }),
                    json!(["basic"]))
            ] },
            "headers": { "type": "object", "additionalProperties": text },
            "idempotency_header": text,
            "limits": object(
                json!({
                    "concurrent": { "type": "integer", "minimum": 1, "maximum": 1000, "default": CONCURRENT },
                    "response_bytes": { "type": "integer", "minimum": 1, "maximum": MAX_RESPONSE_BYTES,
                        "default": RESPONSE_BYTES },
                    "timeout": { "type": "string", "default": "30s" }
                }),
                json!([])
            )
        }),
        json!(["base_url"]),
    )
}

impl Settings {
    /// Reads the settings, or says everything that is wrong with them.
    pub(crate) fn read(settings: &Map<String, Value>) -> Result<Settings, Vec<BindingFault>> {
        let mut reader = Reader { faults: Vec::new() };
        let read = reader.settings(settings);
        match read {
            Some(settings) if reader.faults.is_empty() => Ok(settings),
            _ => Err(reader.faults),
        }
    }

    /// Whether the credential may go to this place.
    pub(crate) fn lists(&self, https: bool, place: &HostPort) -> bool {
        let own = if https { 443 } else { 80 };
        self.hosts.iter().any(|listed| {
            listed.host == place.host
                && match listed.port {
                    Some(port) => port == place.port,
                    None => place.port == own || *place == self.base.place,
                }
        })
    }
}

struct Reader {
    faults: Vec<BindingFault>,
}

impl Reader {
    fn fault(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.faults.push(BindingFault::new(pointer, message));
    }

    /// Every member is read, so that all faults are found; nothing at the end if the base is among them.
    fn settings(&mut self, settings: &Map<String, Value>) -> Option<Settings> {
        self.members(
            "",
            settings,
            &["base_url", "hosts", "allow_internal", "auth", "headers", "idempotency_header", "limits"],
        );
        let base = self.base(settings.get("base_url"));
        let hosts = settings.get("hosts").map(|value| self.hosts(value, base.as_ref()));
        let allow_internal = settings.get("allow_internal").map(|value| self.allow_internal(value));
        let auth = settings.get("auth").and_then(|value| self.auth(value));
        let headers = settings.get("headers").map(|value| self.headers(value, auth.as_ref()));
        let idempotency_header = settings
            .get("idempotency_header")
            .and_then(|value| self.idempotency_header(value, auth.as_ref()));
        let limits = settings.get("limits").map(|value| self.limits(value));
        let base = base?;
        let own = ListedHost { host: base.place.host.clone(), port: Some(base.place.port) };
        Some(Settings {
            hosts: hosts.unwrap_or_else(|| vec![own]),
            base,
            allow_internal: allow_internal.unwrap_or_default(),
            auth,
            headers: headers.unwrap_or_default(),
            idempotency_header,
            limits: limits.unwrap_or_default(),
        })
    }

    fn members(&mut self, pointer: &str, object: &Map<String, Value>, known: &[&str]) {
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            self.fault(at(pointer, name), format!("no such setting; there are {}", known.join(", ")));
        }
    }

    fn text<'v>(&mut self, pointer: &str, value: Option<&'v Value>, what: &str) -> Option<&'v str> {
        let found = value.and_then(Value::as_str);
        if found.is_none() {
            self.fault(
                pointer,
                if value.is_none() { format!("is missing: {what}") } else { format!("must be {what}") },
            );
        }
        found
    }

    fn list<'v>(&mut self, pointer: &str, value: &'v Value, what: &str) -> Vec<(String, &'v str)> {
        let Some(items) = value.as_array() else {
            self.fault(pointer, format!("must be a list of {what}"));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            match item.as_str() {
                Some(text) => texts.push((pointer, text)),
                None => self.fault(pointer, format!("must be one of {what}, as text")),
            }
        }
        texts
    }

    fn base(&mut self, value: Option<&Value>) -> Option<Base> {
        const WHAT: &str = "an http or https URL such as \"https://crm.example/api\"";
        let text = self.text("/base_url", value, WHAT)?;
        match base(text) {
            Ok(base) => Some(base),
            Err(why) => {
                self.fault("/base_url", format!("{why}; it must be {WHAT}"));
                None
            }
        }
    }

    fn hosts(&mut self, value: &Value, base: Option<&Base>) -> Vec<ListedHost> {
        let mut hosts = Vec::new();
        for (pointer, text) in
            self.list("/hosts", value, "hosts such as \"crm.example\" or \"crm.example:8443\"")
        {
            match host_and_port(text) {
                Some((host, port)) => hosts.push(ListedHost { host, port }),
                None => self.fault(
                    pointer,
                    "is no host: write \"crm.example\" or \"crm.example:8443\", without scheme, path or `*`",
                ),
            }
        }
        let covers = |base: &Base| {
            hosts.iter().any(|listed| {
                listed.host == base.place.host && listed.port.is_none_or(|port| port == base.place.port)
            })
        };
        if let Some(base) = base
            && value.is_array()
            && !covers(base)
        {
            self.fault("/hosts", format!("must list the host of base_url too: \"{}\"", base.place));
        }
        hosts
    }

    fn allow_internal(&mut self, value: &Value) -> BTreeSet<HostPort> {
        let mut allowed = BTreeSet::new();
        for (pointer, text) in
            self.list("/allow_internal", value, "hosts with port such as \"127.0.0.1:8123\"")
        {
            match host_and_port(text) {
                Some((host, Some(port))) => {
                    allowed.insert(HostPort { host, port });
                }
                Some((host, None)) => {
                    self.fault(pointer, format!("needs the port too, such as \"{host}:8123\""));
                }
                None => self.fault(
                    pointer,
                    "is no host with port: write \"127.0.0.1:8123\", \"[::1]:8123\" or \"localhost:8123\"",
                ),
            }
        }
        allowed
    }

    fn auth(&mut self, value: &Value) -> Option<Auth> {
        const WHAT: &str = "must be one of {\"bearer\": SECRET}, {\"header\": {\"name\", \"secret\": SECRET}} and \
                            {\"basic\": {\"user\", \"secret\": SECRET}}, where SECRET is the name of a secret";
        let member =
            value.as_object().filter(|object| object.len() == 1).and_then(|object| object.iter().next());
        match member {
            Some((kind, value)) if kind == "bearer" => {
                self.secret("/auth/bearer", Some(value)).map(Auth::Bearer)
            }
            Some((kind, Value::Object(inner))) if kind == "header" => {
                self.members("/auth/header", inner, &["name", "secret"]);
                let name = self.header_name("/auth/header/name", inner.get("name"));
                let secret = self.secret("/auth/header/secret", inner.get("secret"));
                Some(Auth::Header { name: name?, secret: secret? })
            }
            Some((kind, Value::Object(inner))) if kind == "basic" => {
                self.members("/auth/basic", inner, &["user", "secret"]);
                let user = self.text("/auth/basic/user", inner.get("user"), "the user's name");
                if user.is_some_and(|user| user.contains(':') || user.chars().any(char::is_control)) {
                    self.fault("/auth/basic/user", "must not hold `:` or control characters (RFC 7617)");
                }
                let secret = self.secret("/auth/basic/secret", inner.get("secret"));
                Some(Auth::Basic { user: user?.to_owned(), secret: secret? })
            }
            _ => {
                self.fault("/auth", WHAT);
                None
            }
        }
    }

    /// What is not a secret's name is never repeated: it may be the secret.
    fn secret(&mut self, pointer: &str, value: Option<&Value>) -> Option<SecretName> {
        let text = self.text(pointer, value, "the name of a secret, such as \"CRM_TOKEN\"")?;
        match SecretName::parse(text) {
            Ok(name) => Some(name),
            Err(error) => {
                self.fault(pointer, error.to_string());
                None
            }
        }
    }

    fn header_name(&mut self, pointer: &str, value: Option<&Value>) -> Option<HeaderName> {
        let text = self.text(pointer, value, "the name of a header, such as \"x-api-key\"")?;
        let Ok(name) = HeaderName::from_bytes(text.as_bytes()) else {
            self.fault(pointer, "is no header's name (RFC 9110: letters, digits and `-`)");
            return None;
        };
        if let Some(why) = headers::reserved(&name) {
            self.fault(pointer, format!("cannot be `{name}`: {why}"));
            return None;
        }
        Some(name)
    }

    fn headers(&mut self, value: &Value, auth: Option<&Auth>) -> Vec<(HeaderName, HeaderValue)> {
        let Some(members) = value.as_object() else {
            self.fault("/headers", "must be an object of texts by header name");
            return Vec::new();
        };
        let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for (text, value) in members {
            let pointer = at("/headers", text);
            let Some(name) = self.header_name(&pointer, Some(&Value::from(text.as_str()))) else { continue };
            if headers::is_credential(&name) || auth.is_some_and(|auth| auth.header() == name) {
                self.fault(
                    pointer,
                    "carries a credential: use `auth` with the name of a secret, such as \
                     {\"header\": {\"name\", \"secret\": \"CRM_TOKEN\"}}",
                );
                continue;
            }
            let found = self.text(&pointer, Some(value), "a text");
            let Some(text) = found else { continue };
            match headers::value(text) {
                Some(_) if headers::looks_like_credential(text) => {
                    self.fault(pointer, "looks like a credential: use `auth` with the name of a secret");
                }
                Some(_) if headers.iter().any(|(known, _)| *known == name) => {
                    self.fault(pointer, "is the same header as another one, spelled otherwise");
                }
                Some(value) => headers.push((name, value)),
                None => self.fault(pointer, "must be visible ASCII on one line"),
            }
        }
        headers.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        headers
    }

    fn idempotency_header(&mut self, value: &Value, auth: Option<&Auth>) -> Option<HeaderName> {
        let name = self.header_name("/idempotency_header", Some(value))?;
        if headers::is_credential(&name) || auth.is_some_and(|auth| auth.header() == name) {
            self.fault(
                "/idempotency_header",
                "is the header of the credential; use one such as \"idempotency-key\"",
            );
            return None;
        }
        Some(name)
    }

    fn limits(&mut self, value: &Value) -> Limits {
        let mut limits = Limits::default();
        let Some(members) = value.as_object() else {
            self.fault("/limits", "must be an object with concurrent, response_bytes or timeout");
            return limits;
        };
        self.members("/limits", members, &["concurrent", "response_bytes", "timeout"]);
        if let Some(calls) = self.whole(members, "concurrent", 1000) {
            limits.concurrent = u32::try_from(calls).unwrap_or(CONCURRENT);
        }
        if let Some(bytes) = self.whole(members, "response_bytes", MAX_RESPONSE_BYTES as u64) {
            limits.response_bytes = usize::try_from(bytes).unwrap_or(RESPONSE_BYTES);
        }
        if let Some(value) = members.get("timeout") {
            let millis =
                value.as_str().and_then(parse_duration).and_then(|millis| u64::try_from(millis).ok());
            match millis.map(Duration::from_millis) {
                Some(timeout) if !timeout.is_zero() && timeout <= MAX_TIMEOUT => limits.timeout = timeout,
                _ => self.fault(
                    "/limits/timeout",
                    "must be a duration such as \"30s\", more than zero and at most 1h",
                ),
            }
        }
        limits
    }

    fn whole(&mut self, members: &Map<String, Value>, name: &str, max: u64) -> Option<u64> {
        let value = members.get(name)?;
        let number = value.as_u64().filter(|number| (1..=max).contains(number));
        if number.is_none() {
            self.fault(at("/limits", name), format!("must be a whole number from 1 to {max}"));
        }
        number
    }
}

/// Reads a base URL. The reason never repeats the text: it may hold a password.
fn base(text: &str) -> Result<Base, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("has another scheme");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or a password, which belong into `auth`");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("holds a query or a fragment");
    }
    // The URL parser mends `\`, tabs, `..` and a missing `//` silently; a base that needs that is not what was meant.
    let plain = |c: char| c.is_ascii_graphic() && c != '\\';
    if !text.chars().all(plain)
        || text.split('/').any(|part| part == "." || part == "..")
        || !text.contains("://")
    {
        return Err("holds spaces, `\\`, `..` or characters that are not ASCII");
    }
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err("has no host");
    };
    Ok(Base {
        origin: url.origin().ascii_serialization(),
        path: url.path().trim_end_matches('/').to_owned(),
        place: HostPort::new(host, port),
    })
}

/// Reads `host`, `host:port`, `[v6]` or `[v6]:port`; addresses in every spelling that URLs know.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    if !text.chars().all(|c| c.is_ascii_graphic()) || text.contains(['/', '\\', '@', '?', '#', '*', '%', ','])
    {
        return None;
    }
    // A bare IPv6 address cannot be told from a host with port, except that it is one.
    if let Ok(address @ IpAddr::V6(_)) = text.parse::<IpAddr>() {
        return Some((address.to_string(), None));
    }
    // `ftp` has a known default port that no one writes here by accident, unlike those of http and https.
    let url = Url::parse(&format!("ftp://{text}/")).ok()?;
    let host = normal_host(url.host_str()?);
    let port = match text.rsplit_once(':') {
        Some((_, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse::<u16>().ok().filter(|port| *port != 0)?)
        }
        Some((_, rest)) if rest.ends_with(']') => None,
        Some(_) => return None,
        None => None,
    };
    Some((host, port))
}
