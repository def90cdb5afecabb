// Boots a sandbox, runs a command in it and prints what the command printed.

import process from "node:process";
import { Sandbox } from "@x/microsandbox";

await using sandbox = await Sandbox.create({
  image: process.env["MICROSANDBOX_TEST_IMAGE"] ?? "alpine:3.22",
});
const output = await sandbox.shell('echo "hello from $(uname -sr)"');
console.log(output.text().trim());
