//! Secrets from the environment: each namespace its own, never another's.

use std::collections::BTreeMap;
use std::ffi::OsString;

use flov7::error::ErrorKind;
use flov7::id::Namespace;
use flov7::secret::SecretStore;
use flov7_connect::EnvSecrets;

fn store() -> EnvSecrets {
    let mut variables: BTreeMap<&str, OsString> = [
        ("TOKEN", "of default"),
        ("ACME__TOKEN", "of acme"),
        ("TEAM_A__TOKEN", "of team-a"),
        ("ACME__ONLY", "only acme"),
        ("EMPTY", ""),
    ]
    .into_iter()
    .map(|(name, value)| (name, OsString::from(value)))
    .collect();
    #[cfg(unix)]
    variables.insert("BINARY", std::os::unix::ffi::OsStringExt::from_vec(vec![0xFF, 0xFE]));
    EnvSecrets::from_lookup(move |name| variables.get(name).cloned())
}

async fn resolve(namespace: &str, name: &str) -> Result<String, (ErrorKind, String)> {
    let namespace = Namespace::parse(namespace).unwrap();
    let found = store().resolve(&namespace, name).await;
    found.map(|secret| secret.expose().to_owned()).map_err(|error| (error.kind(), error.to_string()))
}

#[tokio::test]
async fn each_namespace_reads_its_own_variables() {
    for (namespace, name, expected) in [
        ("default", "TOKEN", Ok("of default")),
        ("acme", "TOKEN", Ok("of acme")),
        ("team-a", "TOKEN", Ok("of team-a")),
        // Not another's, and not the one without a namespace.
        ("other", "TOKEN", Err(ErrorKind::Missing)),
        ("default", "ONLY", Err(ErrorKind::Missing)),
        // `default` cannot spell its way into another namespace; nor can one whose name would share variables.
        ("default", "ACME__TOKEN", Err(ErrorKind::Denied)),
        ("acme", "X__TOKEN", Err(ErrorKind::Denied)),
        ("team_a", "TOKEN", Err(ErrorKind::Denied)),
        ("default", "EMPTY", Err(ErrorKind::Missing)),
        ("default", "token", Err(ErrorKind::Invalid)),
        ("default", "", Err(ErrorKind::Invalid)),
        ("default", "PATH=/", Err(ErrorKind::Invalid)),
    ] {
        let found = resolve(namespace, name).await;
        assert_eq!(found.as_deref().map_err(|(kind, _)| *kind), expected, "{namespace} {name}");
    }
    #[cfg(unix)]
    assert_eq!(resolve("default", "BINARY").await.unwrap_err().0, ErrorKind::Invalid);
}

#[tokio::test]
async fn what_is_missing_is_named_and_what_is_pasted_is_not() {
    let (_, missing) = resolve("team-b", "TOKEN").await.unwrap_err();
    assert!(missing.contains("`TOKEN`") && missing.contains("TEAM_B__TOKEN"), "{missing}");
    let (_, pasted) = resolve("default", "sk-live-pasted").await.unwrap_err();
    assert!(!pasted.contains("pasted"), "{pasted}");
    assert_eq!(format!("{:?}", store()), "EnvSecrets");
}
