//! How users and groups of the image are looked up.

use std::ffi::{CStr, c_char, c_int};

#[allow(unsafe_code)]
unsafe extern "C" {
    /// glibc's own way to override `/etc/nsswitch.conf`, declared in `<nss.h>`.
    fn __nss_configure_lookup(database: *const c_char, services: *const c_char) -> c_int;
}

/// Looks users and groups up in `/etc/passwd` and `/etc/group` alone. An image's
/// `/etc/nsswitch.conf` may name modules besides, which glibc would load from the
/// image into this program, whatever version and architecture they are made for.
#[allow(unsafe_code)]
pub fn read_files_only() {
    const FILES: &CStr = c"files";
    for database in [c"passwd", c"group", c"initgroups"] {
        // SAFETY: both are strings that end with NUL and live as long as the
        // program. No other thread runs yet.
        let status = unsafe { __nss_configure_lookup(database.as_ptr(), FILES.as_ptr()) };
        if status != 0 {
            eprintln!("agentd: cannot look up {database:?} in files alone");
        }
    }
}
