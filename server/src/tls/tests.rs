//! Certificates of every kind, and files that change.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, KeyPair};

use super::self_signed::SelfSigned;
use super::*;

/// A certificate and its key, PEM.
fn made(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = SystemTime::now().into();
    params.not_after = (SystemTime::now() + Duration::from_secs(90 * 86_400)).into();
    change(&mut params);
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

struct Files {
    _folder: tempfile::TempDir,
    cert: PathBuf,
    key: PathBuf,
}

impl Files {
    fn new((cert, key): &(String, String)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name| folder.path().join(name);
        let files = Self { cert: at("cert.pem"), key: at("key.pem"), _folder: folder };
        files.write(cert, key);
        files
    }

    fn write(&self, cert: &str, key: &str) {
        fs::write(&self.cert, cert).unwrap();
        fs::write(&self.key, key).unwrap();
    }

    fn open(&self) -> Result<Tls, TlsError> {
        Tls::open(Source::Files { cert: self.cert.clone(), key: self.key.clone() })
    }
}

#[test]
fn what_is_of_no_use_is_refused_with_the_reason() {
    let (cert, key) = made(&["a.example"], |_| {});
    let (_, other_key) = made(&["a.example"], |_| {});
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for (cert, key, expected) in [
        ("", &*key, "holds no certificate"),
        (&*key, &*key, "holds no certificate"),
        (broken, &*key, "the certificate cannot be read"),
        (&cert[..cert.len() / 2], &*key, "certificate"),
        (&*cert, "", "holds no key that can be read"),
        (&*cert, encrypted, "not encrypted"),
        (&*cert, &*other_key, "not that of the first certificate"),
    ] {
        let files = Files::new(&(cert.to_owned(), key.to_owned()));
        let error = files.open().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(&files.key.display().to_string()), "{error}");
    }
    let files = Files::new(&(cert, key));
    fs::remove_file(&files.key).unwrap();
    let error = files.open().unwrap_err().to_string();
    assert!(error.contains("key.pem, the key for TLS"), "{error}");
}

#[test]
fn a_chain_goes_by_its_first_certificate() {
    let ((cert, key), (issuer, _)) = (made(&["a.example"], |_| {}), made(&["ca"], |_| {}));
    let files = Files::new(&(format!("{cert}{issuer}"), key.clone()));
    let tls = files.open().unwrap();
    assert_eq!(tls.shared.current.get().key.cert.len(), 2);
    let files = Files::new(&(format!("{issuer}{cert}"), key));
    assert!(files.open().unwrap_err().to_string().contains("not that of the first"));
}

#[test]
fn keys_of_every_common_form_are_read() {
    // As `openssl genpkey`, `openssl ecparam -genkey` and `openssl genrsa -traditional` write them.
    for (cert, key) in [
        (include_str!("testdata/pkcs8.cert.pem"), include_str!("testdata/pkcs8.key.pem")),
        (include_str!("testdata/sec1.cert.pem"), include_str!("testdata/sec1.key.pem")),
        (include_str!("testdata/rsa.cert.pem"), include_str!("testdata/rsa.key.pem")),
    ] {
        Files::new(&(cert.to_owned(), key.to_owned())).open().unwrap();
    }
}

#[test]
fn what_is_half_written_or_wrong_changes_nothing() {
    let (old, new) = (made(&["a.example"], |_| {}), made(&["a.example"], |_| {}));
    let files = Files::new(&old);
    let tls = files.open().unwrap();
    let before = tls.fingerprint();
    let mut seen = Some(tls.look(None));
    for (cert, key) in [
        (&*new.0, &*old.1),
        (&new.0[..new.0.len() / 2], &*old.1),
        ("", &*old.1),
        (&*old.0, ""),
        (&*old.0, &*new.1),
    ] {
        files.write(cert, key);
        let looked = tls.look(seen);
        assert!(looked.error.is_some() && tls.fingerprint() == before, "{cert} {key}");
        seen = Some(looked);
    }
    files.write(&new.0, &new.1);
    let looked = tls.look(seen);
    assert_eq!(looked.error, None);
    assert_ne!(tls.fingerprint(), before);
    assert_eq!(tls.look(Some(looked)).error, None);
}

#[tokio::test]
async fn another_key_is_told_of_once_its_files_are_there() {
    let (old, new) = (made(&["a.example"], |_| {}), made(&["a.example"], |_| {}));
    let files = Files::new(&old);
    let tls = files.open().unwrap();
    let (tell, mut told) = tokio::sync::mpsc::channel(4);
    let stop = CancellationToken::new();
    let watching = tokio::spawn(tls.clone().watch(stop.clone(), move |key| {
        tell.try_send(key).unwrap();
    }));
    files.write(&new.0, &new.1);
    let key = tokio::time::timeout(Duration::from_secs(20), told.recv()).await.unwrap().unwrap();
    assert_eq!(key, tls.fingerprint());
    stop.cancel();
    watching.await.unwrap();
}

fn own(folder: &Path, names: &[&str]) -> SelfSigned {
    SelfSigned::new(folder.to_owned(), names.iter().map(ToString::to_string))
}

#[test]
fn its_own_certificate_is_kept_and_renewed_with_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let crypto = ring::default_provider();
    let (now, day) = (SystemTime::now(), Duration::from_secs(86_400));
    let read = |own: &SelfSigned, at| {
        let pair = own.read(at, &crypto).unwrap();
        (Certificate::parse(&pair.cert, &pair.key, &crypto).unwrap(), pair.cert)
    };
    let names = ["workshop", "localhost", "127.0.0.1", "::1", "Tidings.Example", "no name", ""];
    let first = own(folder.path(), &names);
    let (made, pem) = read(&first, now);
    assert!(made.names_all(&["tidings.example".to_owned(), "::1".to_owned()]));
    assert!(!made.names_all(&["other.example".to_owned()]));
    let lasts = made.ends.duration_since(now).unwrap();
    assert!((day * 396..=day * 398).contains(&lasts), "{lasts:?}");
    assert_eq!(read(&first, now + 336 * day).1, pem, "it is kept while it lasts");

    let (renewed, other) = read(&first, now + 338 * day);
    assert_ne!(other, pem);
    assert_eq!(renewed.fingerprint, made.fingerprint);
    assert!(renewed.ends > made.ends);

    let (named, _) = read(&own(folder.path(), &["new.example"]), now + 338 * day);
    assert_eq!(named.fingerprint, made.fingerprint);
    assert!(named.names_all(&["new.example".to_owned()]), "a new name is put in");
}

#[test]
fn a_name_that_no_certificate_can_be_good_for_is_no_reason_to_renew_it() {
    let crypto = ring::default_provider();
    let read = |own: &SelfSigned| own.read(SystemTime::now(), &crypto).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dotted = own(folder.path(), &["Box.Lan.", "localhost"]);
    let pair = read(&dotted);
    let made = Certificate::parse(&pair.cert, &pair.key, &crypto).unwrap();
    assert!(made.names_all(&["box.lan".to_owned(), "localhost".to_owned()]));
    assert_eq!(read(&dotted).cert, pair.cert);

    let folder = tempfile::tempdir().unwrap();
    let mut hopeless = own(folder.path(), &["localhost"]);
    hopeless.names.push("box.lan.".to_owned());
    let pair = read(&hopeless);
    assert_eq!(read(&hopeless).cert, pair.cert, "it is signed anew at each look");
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_its_own_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let own = own(folder.path(), &["localhost"]);
    own.read(SystemTime::now(), &ring::default_provider()).unwrap();
    assert_eq!(fs::metadata(own.key_file()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_of_its_own_that_is_spoilt_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let own = own(folder.path(), &["localhost"]);
    fs::write(own.key_file(), "spoilt").unwrap();
    let error = Tls::open(Source::SelfSigned(own.clone())).unwrap_err().to_string();
    assert!(error.contains("tls-key.pem"), "{error}");
    assert_eq!(fs::read_to_string(own.key_file()).unwrap(), "spoilt");
}
