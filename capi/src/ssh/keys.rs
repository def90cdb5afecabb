//! Keys: those that may log in, and the one that a server shows.

use std::path::Path;

use boundary::check::invalid;
use boundary::error::Error;
use microsandbox::Sandbox;
use russh::keys::ssh_key::authorized_keys::Entry;
use russh::keys::{HashAlg, PrivateKey, PublicKey, PublicKeyBase64, decode_secret_key};

use super::connection::new_key;
use super::ssh_error;

/// The keys that are given one by one, and those in a file.
pub fn authorized(lines: &[String], file: Option<&str>) -> Result<Vec<PublicKey>, Error> {
    let mut keys = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        keys.push(authorized_key(&format!("authorizedKeys[{index}]"), line)?);
    }
    if let Some(file) = file {
        let text = read("authorizedKeysFile", Path::new(file))?;
        let meant = |line: &&str| !line.is_empty() && !line.starts_with('#');
        for line in text.lines().map(str::trim).filter(meant) {
            keys.push(authorized_key("authorizedKeysFile", line)?);
        }
    }
    if keys.is_empty() {
        return Err(invalid("authorizedKeys", "there is no key that could log in, so give one"));
    }
    Ok(keys)
}

/// The key of a line such as `ssh-ed25519 AAAA... who`.
fn authorized_key(path: &str, line: &str) -> Result<PublicKey, Error> {
    let entry: Entry = line.trim().parse().map_err(|error| {
        invalid(path, format!("it is no public key as in an authorized_keys file ({error})"))
    })?;
    // Whoever wrote them wants them to be kept.
    if !entry.config_opts().is_empty() {
        return Err(invalid(
            path,
            "options in front of a key, such as command= or restrict, are not supported: \
             leave the key out, or give it all rights by leaving them out",
        ));
    }
    Ok(entry.into())
}

/// The private key of a server: the one that is given, or else the sandbox's.
pub async fn host_key(given: Option<&str>, sandbox: &Sandbox) -> Result<PrivateKey, Error> {
    match given {
        Some(text) => decode_secret_key(text, None).map_err(|_| {
            // The text is a secret, and so may be what is wrong with it.
            invalid("hostKey", "it is no private key in OpenSSH's or PEM format without a passphrase")
        }),
        None => sandbox_key(sandbox).await,
    }
}

/// The key that the core keeps for a sandbox, so that clients know it again.
async fn sandbox_key(sandbox: &Sandbox) -> Result<PrivateKey, Error> {
    let Some(backend) = sandbox.backend().as_local() else {
        return new_key();
    };
    // Preparing a server makes the key when there is none.
    let anyone = new_key()?.public_key().public_key_base64();
    sandbox.ssh().server_with(|options| options.authorized_key(anyone)).await?;
    let directory = backend.sandboxes_dir().join(sandbox.name()).join("ssh");
    let text = std::fs::read_to_string(directory.join("host_ed25519"))
        .map_err(|error| ssh_error("read the sandbox's host key", error))?;
    decode_secret_key(&text, None).map_err(|error| ssh_error("read the sandbox's host key", error))
}

/// A key's fingerprint as `ssh-keygen -l` shows it.
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

fn read(option: &str, path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path)
        .map_err(|error| invalid(option, format!("{} cannot be read: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+zK5j5EJOhH1A4qQ1sS3g3m1kzLxM0QWl8vJ4eS0kz who";

    #[test]
    fn keys_with_options_are_refused() {
        assert!(authorized(&[KEY.to_owned()], None).is_ok());
        let restricted = [format!("restrict,command=\"true\" {KEY}")];
        let error = authorized(&restricted, None).unwrap_err();
        assert!(error.message.contains("authorizedKeys[0]"), "{}", error.message);
        assert!(error.message.contains("not supported"), "{}", error.message);
    }
}
