//! Secrets from environment variables.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use flov7::error::{Error, ErrorKind};
use flov7::id::{Namespace, SecretName};
use flov7::secret::{Secret, SecretStore};

type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// Secrets from environment variables: `NAME` for the namespace `default`, `<NS>__<NAME>` for every other, where `<NS>`
/// is the namespace in capital letters with `_` for `-`.
///
/// No namespace can read another's variable: a name that holds `__` is refused, because `ACME__TOKEN` of `default`
/// would be `TOKEN` of `acme`; a namespace that holds `_` is refused, because `a_b` and `a-b` would share variables.
///
/// ```
/// use flov7::id::Namespace;
/// use flov7::secret::SecretStore;
/// use flov7_connect::EnvSecrets;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let secrets = EnvSecrets::from_lookup(|name| (name == "TEAM_A__CRM_TOKEN").then(|| "s3cret".into()));
/// let team = Namespace::parse("team-a").unwrap();
/// assert_eq!(secrets.resolve(&team, "CRM_TOKEN").await.unwrap().expose(), "s3cret");
///
/// let missing = secrets.resolve(&Namespace::default(), "CRM_TOKEN").await.unwrap_err();
/// assert!(missing.to_string().contains("CRM_TOKEN"));
/// # });
/// ```
#[derive(Clone)]
pub struct EnvSecrets {
    lookup: Arc<Lookup>,
}

impl EnvSecrets {
    /// The process's environment, read at each call.
    #[must_use]
    pub fn new() -> Self {
        EnvSecrets::from_lookup(|variable| std::env::var_os(variable))
    }

    /// Another source of variables, by their names.
    #[must_use]
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        EnvSecrets { lookup: Arc::new(lookup) }
    }

    /// The variable that holds a secret.
    ///
    /// # Errors
    /// `Invalid` for a text that is no secret's name (it is not repeated: people paste values there); `Denied` for a
    /// name or a namespace that would share a variable with another.
    pub fn variable(namespace: &Namespace, name: &str) -> Result<String, Error> {
        let name =
            SecretName::parse(name).map_err(|error| Error::new(ErrorKind::Invalid, error.to_string()))?;
        let (namespace, name) = (namespace.as_str(), name.as_str());
        if name.contains("__") {
            return Err(Error::new(
                ErrorKind::Denied,
                format!(
                    "secret `{name}`: in the environment `__` separates a namespace from a name; use one `_`"
                ),
            ));
        }
        if namespace == Namespace::default().as_str() {
            return Ok(name.to_owned());
        }
        if namespace.contains('_') {
            return Err(Error::new(
                ErrorKind::Denied,
                format!(
                    "namespace `{namespace}`: the environment cannot tell it from `{}`; use `-` in names of \
                     namespaces, or another secret store",
                    namespace.replace('_', "-")
                ),
            ));
        }
        Ok(format!("{}__{name}", namespace.to_ascii_uppercase().replace('-', "_")))
    }
}

impl Default for EnvSecrets {
    fn default() -> Self {
        EnvSecrets::new()
    }
}

impl fmt::Debug for EnvSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvSecrets")
    }
}

#[async_trait]
impl SecretStore for EnvSecrets {
    /// An unset or empty variable is `Missing`; one that is not UTF-8 is `Invalid`.
    async fn resolve(&self, namespace: &Namespace, name: &str) -> Result<Secret, Error> {
        let variable = EnvSecrets::variable(namespace, name)?;
        let missing = |how: &str| {
            Error::new(
                ErrorKind::Missing,
                format!("secret `{name}`: the environment variable {variable} is {how}"),
            )
        };
        let value = (self.lookup)(&variable).ok_or_else(|| missing("not set"))?;
        if value.is_empty() {
            return Err(missing("empty"));
        }
        let value = value.into_string().map_err(|_| {
            Error::new(
                ErrorKind::Invalid,
                format!("secret `{name}`: the environment variable {variable} is not UTF-8"),
            )
        })?;
        Ok(Secret::new(value))
    }
}
