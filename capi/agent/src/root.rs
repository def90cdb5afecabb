//! Mends what images lack of what a guest needs. Docker mounts files over these
//! places or looks users up by itself, so images run there without them. What
//! cannot be mended is left as it is: the step that needs it says why it fails.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

/// Makes the root of the guest ready for what is written to and read from it.
pub fn mend() {
    mend_in(Path::new("/"));
}

fn mend_in(root: &Path) {
    let etc = root.join("etc");
    report(&etc, make_way_for_directory(&etc));
    // Written at each boot. A link that leads nowhere, or to a device, would
    // fail the boot or leave the guest without name servers.
    for name in ["hosts", "hostname", "resolv.conf"] {
        let path = etc.join(name);
        report(&path, make_way_for_file(&path));
    }
    // Without these files numeric users cannot be looked up either.
    for name in ["passwd", "group"] {
        let path = etc.join(name);
        report(&path, make_empty(&path));
    }
    for name in ["run", "tmp", "var", "var/tmp"] {
        let path = root.join(name);
        report(&path, make_way_for_directory(&path));
    }
}

/// Makes a directory with its parents, as Docker does for a `WorkingDir` that no
/// layer has.
pub fn make_directory(path: &str) {
    let path = Path::new(path);
    if path.is_absolute() {
        report(path, fs::create_dir_all(path));
    }
}

/// Removes what is not a file and does not lead to one. A directory has to be
/// empty: where the root is a directory of the host, what is in it is its user's.
fn make_way_for_file(path: &Path) -> io::Result<()> {
    let Some(own) = unless_missing(fs::symlink_metadata(path))? else { return Ok(()) };
    if own.is_dir() {
        return fs::remove_dir(path);
    }
    match fs::metadata(path) {
        Ok(target) if target.is_file() => Ok(()),
        _ => fs::remove_file(path),
    }
}

/// Removes a link that does not lead to a directory.
fn make_way_for_directory(path: &Path) -> io::Result<()> {
    let Some(own) = unless_missing(fs::symlink_metadata(path))? else { return Ok(()) };
    match own.is_symlink() && !fs::metadata(path).is_ok_and(|target| target.is_dir()) {
        true => fs::remove_file(path),
        false => Ok(()),
    }
}

/// Makes an empty file where there is none.
fn make_empty(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    make_way_for_file(path)?;
    OpenOptions::new().write(true).create_new(true).open(path)?;
    Ok(())
}

fn unless_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn report(path: &Path, result: io::Result<()>) {
    if let Err(error) = result {
        eprintln!("agentd: cannot mend {}: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn image() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("etc")).unwrap();
        root
    }

    /// What the agent does next with such a file.
    fn write(root: &Path, name: &str) {
        fs::write(root.join("etc").join(name), "written").unwrap();
        let text = fs::read_to_string(root.join("etc").join(name)).unwrap();
        assert_eq!(text, "written", "{name}");
    }

    #[test]
    fn files_that_are_written_at_each_boot_can_be_written() {
        for target in ["../run/systemd/resolve/stub-resolv.conf", "/dev/null", "nowhere/at/all"] {
            let root = image();
            for name in ["hosts", "hostname", "resolv.conf"] {
                symlink(target, root.path().join("etc").join(name)).unwrap();
            }
            mend_in(root.path());
            for name in ["hosts", "hostname", "resolv.conf"] {
                write(root.path(), name);
            }
        }
        let root = image();
        fs::create_dir(root.path().join("etc/resolv.conf")).unwrap();
        mend_in(root.path());
        write(root.path(), "resolv.conf");
    }

    #[test]
    fn a_directory_with_something_in_it_stays() {
        let root = image();
        fs::create_dir_all(root.path().join("etc/hosts/inner")).unwrap();
        mend_in(root.path());
        assert!(root.path().join("etc/hosts/inner").exists());
    }

    #[test]
    fn a_link_to_a_file_stays() {
        let root = image();
        fs::write(root.path().join("etc/real"), "").unwrap();
        symlink("real", root.path().join("etc/hosts")).unwrap();
        mend_in(root.path());
        assert!(root.path().join("etc/hosts").is_symlink());
    }

    #[test]
    fn an_empty_image_gets_files_to_look_users_up_in() {
        let root = tempfile::tempdir().unwrap();
        mend_in(root.path());
        for name in ["passwd", "group"] {
            assert_eq!(fs::read(root.path().join("etc").join(name)).unwrap(), b"", "{name}");
        }
    }

    #[test]
    fn files_of_the_image_stay_as_they_are() {
        let root = image();
        fs::write(root.path().join("etc/passwd"), "root:x:0:0::/:/bin/sh\n").unwrap();
        mend_in(root.path());
        let text = fs::read_to_string(root.path().join("etc/passwd")).unwrap();
        assert_eq!(text, "root:x:0:0::/:/bin/sh\n");
    }

    #[test]
    fn a_directory_that_is_a_link_to_nowhere_can_be_made() {
        let root = image();
        symlink("missing", root.path().join("run")).unwrap();
        symlink("etc", root.path().join("tmp")).unwrap();
        mend_in(root.path());
        fs::create_dir(root.path().join("run")).unwrap();
        assert!(root.path().join("tmp").is_symlink());
    }
}
