"""Writes 100 sandboxes into the database of a home, as if they had been created and stopped.

There is no other way to have them without booting each one. The home's database has to be there already.
"""

import json
import sqlite3
import sys

with sqlite3.connect(sys.argv[1] + "/db/msb.db") as database:
    database.execute("DELETE FROM sandbox")
    for number in range(100):
        name = f"sandbox-{number}"
        config = {
            "name": name,
            "image": {"Oci": {"reference": "alpine"}},
            "resources": {"cpus": 1, "memory_mib": 512, "max_cpus": 1, "max_memory_mib": 512},
            "pull_policy": "IfMissing",
            "security_profile": "default",
            "deployment_profile": "single_tenant",
        }
        database.execute(
            "INSERT INTO sandbox (name, config, status, created_at, updated_at)"
            " VALUES (?, ?, 'Stopped', '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
            (name, json.dumps(config)),
        )
