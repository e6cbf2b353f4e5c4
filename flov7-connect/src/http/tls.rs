//! TLS settings of clients, made once and shared.

use std::sync::{Arc, OnceLock};

use flov7::error::{Error, ErrorKind};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// What https connections trust, and the settings made from it at first use.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    extra: Vec<CertificateDer<'static>>,
    https: OnceLock<Result<ClientConfig, String>>,
}

impl Tls {
    /// Trusts these certificates besides the platform's.
    pub(crate) fn with_extra(pem: &[u8]) -> Result<Tls, Error> {
        let wrong = |what: String| Error::new(ErrorKind::Invalid, format!("root certificates: {what}"));
        let extra: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(error.to_string()))?;
        if extra.is_empty() {
            return Err(wrong("no PEM certificate in the text".to_owned()));
        }
        Ok(Tls { extra, https: OnceLock::new() })
    }

    /// The settings for one scheme. Those for plain http trust nobody and read no certificate store, so that plain
    /// http works where no store is; the client type wants some.
    pub(crate) fn config(&self, https: bool) -> Result<ClientConfig, String> {
        if https { self.https.get_or_init(|| self.https()).clone() } else { plain() }
    }

    fn https(&self) -> Result<ClientConfig, String> {
        let provider = provider()?;
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(
            self.extra.iter().cloned(),
            provider.clone(),
        )
        .map_err(|error| format!("no certificates to trust: {error}"))?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous() // Named so for verifiers of one's own; this one is the platform's.
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn plain() -> Result<ClientConfig, String> {
    Ok(ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

/// The provider that the process installed, else ring. Nothing is installed for the process: that is the binary's.
fn provider() -> Result<Arc<CryptoProvider>, String> {
    if let Some(installed) = CryptoProvider::get_default() {
        return Ok(installed.clone());
    }
    #[cfg(feature = "ring")]
    return Ok(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(not(feature = "ring"))]
    return Err(
        "no cryptography provider: build flov7-connect with its feature `ring`, or install one with \
                rustls::crypto::CryptoProvider::install_default"
            .to_owned(),
    );
}
