//! What is trusted, and what is not.

use std::fs;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};

use super::*;

const SERVER: &str = "https://hub.example:4180";

/// A certificate that no authority has signed, and its key's fingerprint.
fn made() -> (CertificateDer<'static>, Fingerprint) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["hub.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
    (certificate.der().clone(), Fingerprint(Sha256::digest(spki).into()))
}

fn verify(trust: &Trust, name: &str, certificate: &CertificateDer<'_>) -> Result<(), Distrust> {
    verify_by(&Arc::new(RwLock::new(trust.clone())), name, certificate)
}

fn verify_by(
    trust: &Arc<RwLock<Trust>>,
    name: &str,
    certificate: &CertificateDer<'_>,
) -> Result<(), Distrust> {
    let crypto = Arc::new(ring::default_provider());
    let verifier = Verifier::new(&SERVER.parse().unwrap(), Arc::clone(trust), crypto);
    let name = ServerName::try_from(name).unwrap();
    match verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now()) {
        Ok(_) => Ok(()),
        Err(error) => Err(Untrusted::among(&error).unwrap().reason.clone()),
    }
}

#[test]
fn a_key_is_trusted_by_what_is_known_of_it_and_by_nothing_else() {
    let ((cert, key), (_, other)) = (made(), made());
    let known = |known| Trust { known: Some(known), ..Trust::default() };
    let named = |named| Trust { named: Some(named), ..Trust::default() };
    let local = |local| Trust { local: Some(local), ..Trust::default() };
    for trust in [known(key), named(key), local(key)] {
        assert_eq!(verify(&trust, "hub.example", &cert), Ok(()), "{trust:?}");
        let elsewhere = verify(&trust, "other.example", &cert);
        assert!(matches!(elsewhere, Err(Distrust::Unknown(_))), "{elsewhere:?}");
    }
    assert!(matches!(verify(&Trust::default(), "hub.example", &cert), Err(Distrust::Unknown(_))));
    assert!(matches!(verify(&local(other), "hub.example", &cert), Err(Distrust::Unknown(_))));
    let changed = Distrust::Changed(other, None);
    assert_eq!(verify(&known(other), "hub.example", &cert), Err(changed));
    assert_eq!(verify(&named(other), "hub.example", &cert), Err(Distrust::NotNamed(other)));
    let both = Trust { named: Some(key), ..known(other) };
    assert_eq!(verify(&both, "hub.example", &cert), Ok(()), "what is named now goes before");
}

#[test]
fn what_was_trusted_once_is_known_by_host_and_port() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/known_servers");
    let sources = Sources { known_servers: Some(path.clone()), ..Sources::default() };
    let find = |server: &str| Trust::find(&server.parse().unwrap(), &sources).unwrap();
    let mut trust = find(SERVER);
    assert!(!trust.is_settled());
    let key = Fingerprint([7; 32]);
    trust.unknown = Some(key);
    trust.trust(&SERVER.parse().unwrap(), key).unwrap();
    assert_eq!((trust.known, find(SERVER).known), (Some(key), Some(key)));
    for other in ["https://hub.example", "https://other.example:4180", "http://hub.example:4180"] {
        assert_eq!(find(other).known, None, "{other}");
    }
    let v6 = "https://[::1]:4180";
    let mut on_v6 = Trust { unknown: Some(key), ..find(v6) };
    on_v6.trust(&v6.parse().unwrap(), key).unwrap();
    assert_eq!(find(v6).known, Some(key));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_yes_is_for_the_key_that_the_server_shows_and_for_none_that_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_servers");
    let store = Some(KnownServers::new(path.clone()));
    let ((cert, key), (other_cert, other)) = (made(), made());
    let server = SERVER.parse().unwrap();
    let trust = Arc::new(RwLock::new(Trust { store: store.clone(), ..Trust::default() }));
    let yes = |key| trust.write().unwrap().trust(&server, key);
    assert!(matches!(yes(key), Err(TrustError::NotShown(_))), "nobody has shown it");
    assert!(verify_by(&trust, "elsewhere.example", &cert).is_err());
    assert!(matches!(yes(key), Err(TrustError::NotShown(_))), "another server has");
    assert!(verify_by(&trust, "hub.example", &cert).is_err());
    assert!(verify_by(&trust, "hub.example", &other_cert).is_err());
    assert!(matches!(yes(key), Err(TrustError::NotShown(_))), "it has changed meanwhile");
    assert!(verify_by(&trust, "hub.example", &cert).is_err());
    yes(key).unwrap();
    yes(key).unwrap();
    assert_eq!(verify_by(&trust, "hub.example", &cert), Ok(()));
    assert!(verify_by(&trust, "hub.example", &other_cert).is_err());
    assert!(matches!(yes(other), Err(TrustError::Settled(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("hub.example:4180 {key}\n"));
    let mut named = Trust { named: Some(key), unknown: Some(other), store, ..Trust::default() };
    assert!(matches!(named.trust(&server, other), Err(TrustError::Settled(_))));
}

#[test]
fn a_key_is_named_for_no_address_without_tls() {
    let fingerprint = Some(Fingerprint([1; 32]).to_string());
    let sources = Sources { fingerprint, ..Sources::default() };
    let find = |server: &str| Trust::find(&server.parse().unwrap(), &sources);
    for server in ["http://hub.example", "http://hub.example:4180", "http://127.0.0.1:4180"] {
        assert!(matches!(find(server), Err(TrustError::NotEncrypted(_))), "{server}");
    }
    assert_eq!(find(SERVER).unwrap().named, Some(Fingerprint([1; 32])));
}

#[test]
fn a_server_that_redirects_to_its_own_https_has_the_key_that_is_known_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_servers");
    let key = Fingerprint([1; 32]);
    fs::write(&path, format!("hub.example:443 {key}\n")).unwrap();
    let sources = Sources { known_servers: Some(path), ..Sources::default() };
    let find = |server: &str| Trust::find(&server.parse().unwrap(), &sources).unwrap().known;
    assert_eq!(find("http://hub.example"), Some(key));
    assert_eq!(find("https://hub.example"), Some(key));
    assert_eq!(find("http://hub.example:8080"), None, "its token does not go there");
}

#[test]
fn the_last_line_of_a_server_holds_and_one_that_cannot_be_read_is_no_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_servers");
    let (a, b) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
    let known = KnownServers::new(path.clone());
    fs::write(&path, format!("# mine\n\nx:1\tnonsense\nx:2 {a} # why\nx:2   {b}\n")).unwrap();
    assert_eq!(known.get("x:2").unwrap(), Some(b));
    assert_eq!(known.get("x:3").unwrap(), None);
    let spoilt = known.get("x:1").expect_err("else whoever spoils the line would be trusted anew");
    let told = spoilt.to_string();
    assert!(told.contains("known_servers") && told.contains("line 3"), "{told}");
}

#[test]
fn a_last_line_without_its_end_remains_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_servers");
    let (a, b) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
    let known = KnownServers::new(path.clone());
    fs::write(&path, format!("x:1 {a}")).unwrap();
    known.add("x:2", b).unwrap();
    known.add("x:3", b).unwrap();
    assert_eq!(known.get("x:1").unwrap(), Some(a));
    assert_eq!(known.get("x:2").unwrap(), Some(b));
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("x:1 {a}\nx:2 {b}\nx:3 {b}\n"));
}

#[test]
fn the_key_in_the_data_folder_is_for_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let key = Fingerprint([9; 32]);
    fs::write(folder.path().join(FINGERPRINT_FILE), format!("{key}\n")).unwrap();
    let sources = Sources { data_dir: Some(folder.path().to_owned()), ..Sources::default() };
    let local = |server: &str| Trust::find(&server.parse().unwrap(), &sources).unwrap().local;
    assert_eq!(local("https://127.0.0.1:4180"), Some(key));
    let tunnel = Trust::find(&"https://127.0.0.1:8443".parse().unwrap(), &sources).unwrap();
    assert!(!tunnel.is_settled(), "another server than that of the folder may be asked about");
    assert_eq!(local("https://localhost:4180"), Some(key));
    assert_eq!(local("http://localhost:4180"), None);
    assert_eq!(local(SERVER), None);
}
