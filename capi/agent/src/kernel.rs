//! What is set in the guest's kernel.

use std::fs;

use microsandbox_protocol::bootstrap::GuestBootstrap;

/// The variable by which the library says to leave the kernel's own way of
/// waiting alone. It is one of the sandbox's, so commands see it too.
const RCU_EXPEDITED: &str = "MICROSANDBOX_RCU_EXPEDITED";

/// What the host asked for.
#[derive(Debug, PartialEq)]
pub struct Settings {
    is_rcu_expedited: bool,
}

impl Settings {
    /// Reads the settings from the sandbox's variables.
    pub fn of(bootstrap: &GuestBootstrap) -> Self {
        let variables = &bootstrap.default_env;
        let is_refused = variables.iter().any(|it| it.key == RCU_EXPEDITED && it.value == "0");
        Self { is_rcu_expedited: !is_refused }
    }

    /// Changes the kernel. A kernel that cannot be changed so is as good, only
    /// slower with commands.
    pub fn apply(&self) {
        // Each command is moved to the workload's cgroup, and the first such move
        // after a pause waits for an RCU grace period: 11 ms at 250 Hz. An
        // expedited one takes microseconds, for an interrupt of each processor.
        if self.is_rcu_expedited {
            let _ = fs::write("/sys/kernel/rcu_expedited", "1");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        let variables: Vec<_> = variables
            .iter()
            .map(|(key, value)| serde_json::json!({ "key": key, "value": value }))
            .collect();
        let bootstrap = serde_json::json!({ "default_env": variables });
        Settings::of(&serde_json::from_value(bootstrap).unwrap())
    }

    #[test]
    fn grace_periods_are_expedited_unless_refused() {
        assert!(settings(&[("A", "0")]).is_rcu_expedited);
        assert!(!settings(&[("A", "1"), (RCU_EXPEDITED, "0")]).is_rcu_expedited);
    }
}
