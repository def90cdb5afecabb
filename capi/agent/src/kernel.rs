//! What is set in the guest's kernel.

use std::fs;

use microsandbox_protocol::bootstrap::GuestBootstrap;

/// The variable by which the library leaves the kernel's own way of waiting
/// alone. It is for the agent and taken out before commands see it.
const RCU_EXPEDITED: &str = "MICROSANDBOX_RCU_EXPEDITED";

/// What the host asked for.
pub struct Settings {
    is_rcu_expedited: bool,
}

impl Settings {
    /// Takes the settings out of the variables that commands are given.
    pub fn take_from(bootstrap: &mut GuestBootstrap) -> Self {
        let variables = &mut bootstrap.default_env;
        let is_rcu_expedited =
            !variables.iter().any(|it| it.key == RCU_EXPEDITED && it.value == "0");
        variables.retain(|it| it.key != RCU_EXPEDITED);
        Self { is_rcu_expedited }
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

    fn bootstrap(variables: &[(&str, &str)]) -> GuestBootstrap {
        let variables: Vec<_> = variables
            .iter()
            .map(|(key, value)| serde_json::json!({ "key": key, "value": value }))
            .collect();
        serde_json::from_value(serde_json::json!({ "default_env": variables })).unwrap()
    }

    #[test]
    fn grace_periods_are_expedited_unless_refused() {
        assert!(Settings::take_from(&mut bootstrap(&[("A", "1")])).is_rcu_expedited);
        assert!(!Settings::take_from(&mut bootstrap(&[(RCU_EXPEDITED, "0")])).is_rcu_expedited);
    }

    #[test]
    fn commands_do_not_see_settings() {
        let mut bootstrap = bootstrap(&[("A", "1"), (RCU_EXPEDITED, "0"), ("B", "2")]);
        Settings::take_from(&mut bootstrap);
        let left: Vec<_> = bootstrap.default_env.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(left, ["A", "B"]);
    }
}
