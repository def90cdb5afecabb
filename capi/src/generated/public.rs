//! The objects that users of the module see and the library does not have in that
//! form, each of them whole: the keys of the library's, and those that the module
//! adds to them. They are in src/*/*.gen.ts.

use std::collections::{BTreeMap, BTreeSet};

use super::protocol::assert_short;
use super::typescript::{Declaration, Direction, Field, Reader, Type, print_import};

/// An object that users see.
struct Public {
    /// The file below src, without its end.
    file: &'static str,
    category: &'static str,
    name: &'static str,
    docs: &'static str,
    /// The types of the library whose keys it has.
    bases: &'static [&'static str],
    /// Keys of those that it does not have.
    without: &'static [&'static str],
    /// Further keys, and those that it has in another form, in TypeScript.
    own: &'static str,
    /// What its `onProgress` is called with, and what that key's documentation says.
    progress: Option<(&'static str, &'static str)>,
    /// The documentation of its `signal`, if it has one.
    signal: Option<&'static str>,
    direction: Direction,
}

/// The file of what a create takes.
const CREATE: &str = "sandbox/create_options";

/// The documentation of most signals.
const SIGNAL: Option<&str> =
    Some("Gives up. The call then fails with the signal's reason, after what it had\nbegun is undone.");

/// An options object with the keys of one type of the library and a signal.
const fn plain(
    file: &'static str,
    category: &'static str,
    name: &'static str,
    docs: &'static str,
    bases: &'static [&'static str],
) -> Public {
    let (without, own): (&[&str], &str) = (&[], "");
    let (progress, signal, direction) = (None, SIGNAL, Direction::Input);
    Public { file, category, name, docs, bases, without, own, progress, signal, direction }
}

/// The key `tty` of commands.
const TTY: &str = "\
/**
 * Runs the command in a terminal of its own, in which standard output and
 * standard error are one. `true` stands for 80 columns and 24 rows. Default:
 * `false`.
 */
tty?: boolean | TerminalSize,
";

/// The key `stdin` of commands that run now.
const STDIN: &str = "\
/**
 * The command's standard input; `null` for none. A stream is read as fast as
 * the command takes it. Default: none when the output is collected; with a
 * `Process`, its `stdin`.
 */
stdin?: string | Uint8Array | ReadableStream<Uint8Array> | null,
";

/// The end of the documentation of most callbacks.
const UNCAUGHT: &str = "An error that it throws is uncaught, as any callback's.";

/// All of them, in the order of the files.
fn all() -> Vec<Public> {
    let sandbox = |name, docs, bases| plain("sandbox/options", "Sandboxes", name, docs, bases);
    let snapshot = |name, docs, bases| plain("sandbox/snapshot_options", "Snapshots", name, docs, bases);
    let command = |name, docs, bases| plain("command/options", "Commands", name, docs, bases);
    let files = |name, docs, bases| plain("files/options", "Files", name, docs, bases);
    let written = Some((
        "ArchiveProgress",
        "Gets how much was written, four times a second at most, and once more when\nthe file is complete.",
    ));
    vec![
        Public {
            progress: Some((
                "CreateProgress",
                "Called with how far the create is: first with the image's progress, then with\nthe boot's. $UNCAUGHT",
            )),
            file: CREATE,
            ..sandbox("CreateSandboxOptions", "What a new sandbox is made from.", &["CreateOptions"])
        },
        Public {
            without: &["cursor"],
            own: "\
/** How many are looked up at once, from 1 to 100. Default: 100. */
pageSize?: number,
",
            ..sandbox("ListSandboxesOptions", "Which sandboxes to list.", &["ListOptions"])
        },
        sandbox("StopSandboxOptions", "How to stop a sandbox.", &["StopOptions"]),
        sandbox("KillSandboxOptions", "How to kill a sandbox.", &["KillOptions"]),
        sandbox("RestartSandboxOptions", "How to restart a sandbox.", &["RestartOptions"]),
        sandbox("DestroySandboxOptions", "How to stop and remove a sandbox.", &["DestroyOptions"]),
        sandbox("ModifySandboxOptions", "What to change about a sandbox, and when.", &["ModifyOptions"]),
        sandbox("PauseSandboxOptions", "How to pause a sandbox.", &["PauseOptions"]),
        Public {
            own: "\
/** Whether the fork outlives its object. Default: `false`. */
detached?: boolean,
",
            progress: Some(("CreateProgress", "Called with how far the fork is. $UNCAUGHT")),
            ..sandbox("ForkSandboxOptions", "How to fork a sandbox.", &["ForkOptions"])
        },
        Public {
            own: "\
/** Whether the forks outlive their objects. Default: `false`. */
detached?: boolean,
",
            ..sandbox("ForkManySandboxOptions", "How to fork a sandbox several times.", &["ForkManyOptions"])
        },
        sandbox("CompactSandboxOptions", "Which disk layers to merge.", &["CompactOptions"]),
        Public {
            own: "\
/** Whether the sandbox outlives its object. Default: `false`. */
detached?: boolean,
",
            progress: Some((
                "CreateProgress",
                "Called with how far the restore is: with the image's progress, where that is not\n\
                 here, then with the boot's. $UNCAUGHT",
            )),
            ..snapshot("RestoreSandboxOptions", "How to make a sandbox from a snapshot.", &["RestoreOptions"])
        },
        sandbox("MetricsStreamOptions", "How often to sample what a sandbox uses.", &["MetricsOptions"]),
        Public {
            file: "sandbox/sandbox_metrics",
            own: "\
/** When it was measured. */
timestamp: Date,
",
            signal: None,
            direction: Direction::Output,
            ..sandbox("SandboxMetrics", "What a sandbox uses.", &["Metrics"])
        },
        snapshot("CreateSnapshotOptions", "How to make a snapshot.", &["SnapshotOptions"]),
        Public {
            without: &["group", "directory"],
            progress: written,
            ..snapshot(
                "CreateArchiveOptions",
                "How to capture a sandbox straight into a file.",
                &["ArchiveOptions", "SnapshotOptions"],
            )
        },
        Public {
            progress: written,
            ..snapshot("SaveSnapshotOptions", "How to save a snapshot to a file.", &["SaveOptions"])
        },
        Public {
            progress: written,
            ..snapshot(
                "CopySnapshotOptions",
                "How to copy a snapshot to a file with other labels.",
                &["CopyOptions"],
            )
        },
        Public {
            progress: Some((
                "LoadProgress",
                "Called with how far the files have been read: now and then on Linux, and at\nthe end everywhere.",
            )),
            ..snapshot("LoadSnapshotsOptions", "How to load snapshots from files.", &["LoadOptions"])
        },
        Public {
            own: "$STDIN$TTY",
            signal: Some("Kills the command. The call then fails with the signal's reason."),
            ..command("ExecOptions", "How to run a command.", &["CommandOptions"])
        },
        Public {
            without: &["tty"],
            own: "\
/**
 * What to type to leave the process: characters and `ctrl-` combinations,
 * separated by commas, such as `ctrl-p,ctrl-q`. Default: `ctrl-]`.
 */
detachKeys?: string,
",
            signal: Some("Kills the command. The call then fails with the signal's reason."),
            ..command("AttachOptions", "How to run a command in this program's terminal.", &["CommandOptions"])
        },
        Public {
            own: "\
/**
 * The job's standard input: up to 64 KiB, or `null` for none. Default: what
 * those write who attach to the job.
 */
stdin?: string | Uint8Array | null,
$TTY",
            ..command("StartJobOptions", "How to start a job.", &["CommandOptions"])
        },
        Public {
            own: "\
/** Only from this time on. */
since?: Date,
/** Only before this time. */
until?: Date,
",
            ..command("JobLogsOptions", "Which output of a job to read.", &["JobLogFilter"])
        },
        command("AttachJobOptions", "How to attach to a job.", &["JobAttachOptions"]),
        files("OpenOptions", "How to open a file, in the shape of `Deno.OpenOptions`.", &["OpenFileOptions"]),
        files(
            "WriteFileOptions",
            "How to write a file, in the shape of `Deno.WriteFileOptions`.",
            &["WriteWholeFileOptions"],
        ),
        files(
            "MkdirOptions",
            "How to make a directory, in the shape of `Deno.MkdirOptions`.",
            &["MakeDirectoryOptions"],
        ),
        files(
            "RemoveOptions",
            "How to remove something, in the shape of `Deno.RemoveOptions`.",
            &["RemoveFileOptions"],
        ),
        plain("files/options", "Volumes", "CreateVolumeOptions", "How to make a volume.", &["VolumeOptions"]),
        plain("remote/options", "Remote access", "SshOptions", "How to connect over SSH.", &["SshRequest"]),
        Public {
            own: "$STDIN$TTY",
            signal: Some("Kills the command. The call then fails with the signal's reason."),
            ..plain("remote/options", "Remote access", "SshExecOptions", "How to run a command over SSH.", &[])
        },
        plain(
            "remote/options",
            "Remote access",
            "SshServerOptions",
            "Where to listen for SSH clients, and whom to let in.",
            &["SshServerRequest"],
        ),
        Public {
            without: &["reference"],
            progress: Some(("PullProgress", "Called with how far the pull is. $UNCAUGHT")),
            ..plain("host/options", "Images", "PullImageOptions", "How to pull an image.", &["ImagePullOptions"])
        },
        plain(
            "host/options",
            "Storage",
            "PruneStorageOptions",
            "What memory to remove that is not used any more.",
            &["PruneStorageRequest"],
        ),
        Public {
            own: "\
/**
 * The key. Default: that of the environment variable `apiKeyFromEnv`, unless
 * there is a profile.
 */
apiKey?: string,
/**
 * The environment variable that the key is in. Default: `MSB_API_KEY`, with
 * `MSB_API_URL` for the URL.
 */
apiKeyFromEnv?: string,
",
            signal: None,
            ..plain(
                "host/options",
                "Backends",
                "CloudBackendOptions",
                "Which cloud to use, and how to be let in.",
                &["CloudOptions"],
            )
        },
    ]
}

/// What the module itself writes among the raw bytes of a request, as users write it.
const PATCH: &str = "\
/**
 * One change to the root file system before the first boot. All paths in the
 * guest are absolute, and folders that are missing on the way are made.
 *
 * - `write` writes a file.
 * - `copy` copies `from`, a file or a directory of this machine, to `path`.
 *   Needs `--allow-read` for it.
 * - `append` appends text to a file that is there. In an OCI image the file
 *   then belongs to root, with mode 0o644.
 * - `mkdir` makes a directory, unless it is there.
 * - `symlink` makes a symbolic link to `target`.
 * - `remove` removes a file or a directory, if it is there.
 *
 * The core keeps the content of patches with the sandbox's entry, so they are
 * for configuration; copy large files with a volume or through the guest.
 *
 * @example Write a file, and a link to a directory
 * ```ts
 * import { Sandbox } from \"@x/microsandbox\";
 *
 * await using sandbox = await Sandbox.create({
 *   image: \"alpine:3.22\",
 *   patches: [
 *     { kind: \"write\", path: \"/etc/motd\", content: \"hello\\n\", replace: true },
 *     { kind: \"symlink\", path: \"/data\", target: \"/var/data\" },
 *   ],
 * });
 * ```
 *
 * @category Sandboxes
 */
export type Patch = never;";

/// The key of a patch that says what is written.
const CONTENT: &str = "/** What is written: text, in UTF-8, or bytes. */\ncontent: string | Uint8Array";

/// The type of patches, out of that which the library takes.
pub fn patch(taken: &Declaration) -> Declaration {
    let content = Reader::new(CONTENT).fields();
    let Type::Union(kinds) = &taken.kind else { panic!("patches are of several kinds") };
    let kinds = kinds.iter().map(|kind| {
        let Type::Object(fields) = kind else { panic!("a patch is an object") };
        let fields = fields.iter().map(|field| match field.key.as_str() {
            "length" => content[0].clone(),
            _ => field.clone(),
        });
        Type::Object(fields.collect())
    });
    Declaration { kind: Type::Union(kinds.collect()), ..Reader::new(PATCH).declaration() }
}

impl Public {
    fn declaration(&self, types: &BTreeMap<String, Declaration>) -> Declaration {
        let base = |name: &&str| match types.get(*name).map(|declaration| &declaration.kind) {
            Some(Type::Object(fields)) => fields.clone(),
            _ => panic!("{} is made from {name}, which is no object", self.name),
        };
        let mut fields: Vec<Field> = self.bases.iter().flat_map(base).collect();
        for key in self.without {
            let before = fields.len();
            fields.retain(|field| field.key != *key);
            assert!(fields.len() < before, "{} has no {key} to leave out", self.name);
        }
        for field in &mut fields {
            field.kind = field.kind.renamed("PatchSpec", "Patch");
        }
        let own = self.own.replace("$STDIN", STDIN).replace("$TTY", TTY);
        for own in Reader::new(&own).fields() {
            match fields.iter_mut().find(|field| field.key == own.key) {
                Some(field) => *field = own,
                None => fields.push(own),
            }
        }
        if let Some((progress, docs)) = self.progress {
            let kind = Type::Callback(progress.to_owned());
            fields.push(added("onProgress", &docs.replace("$UNCAUGHT", UNCAUGHT), kind));
        }
        if let Some(docs) = self.signal {
            fields.push(added("signal", docs, Type::Name("AbortSignal".to_owned(), Vec::new())));
        }
        let docs = [self.docs, "", &format!("@category {}", self.category)];
        Declaration {
            docs: docs.map(str::to_owned).to_vec(),
            name: self.name.to_owned(),
            parameters: Vec::new(),
            kind: Type::Object(fields),
        }
    }
}

fn added(key: &str, docs: &str, kind: Type) -> Field {
    let docs = docs.lines().map(str::to_owned).collect();
    Field { docs, key: key.to_owned(), is_optional: true, kind }
}

/// The files by their paths.
pub fn files(types: &BTreeMap<String, Declaration>) -> BTreeMap<String, String> {
    let mut files: BTreeMap<&str, Vec<(Declaration, Direction)>> = BTreeMap::new();
    for public in all() {
        let declaration = public.declaration(types);
        files.entry(public.file).or_default().push((declaration, public.direction));
    }
    let patch = patch(&types["PatchSpec"]);
    files.entry(CREATE).or_default().push((patch, Direction::Input));
    let print = |(path, declarations): (&str, Vec<_>)| {
        (format!("src/{path}.gen.ts"), file(types, &declarations))
    };
    files.into_iter().map(print).collect()
}

fn file(types: &BTreeMap<String, Declaration>, declarations: &[(Declaration, Direction)]) -> String {
    let mentioned: BTreeSet<String> = declarations.iter().flat_map(|(it, _)| it.names()).collect();
    let is_here = |name: &&String| declarations.iter().any(|(it, _)| it.name == **name);
    let (of_library, others): (BTreeSet<_>, BTreeSet<_>) = mentioned
        .iter()
        .filter(|name| !is_here(name))
        .cloned()
        .partition(|name| types.contains_key(name));
    let progress = others.into_iter().filter(|name| name.ends_with("Progress")).collect::<BTreeSet<_>>();
    let mut out = String::from(
        "// GENERATED from capi/src by capi/src/generated/public.rs. Do not edit; run\n\
         // `deno task generate` instead.\n\n\
         /**\n * Options of calls, each with every key.\n *\n * @module\n */\n",
    );
    if !of_library.is_empty() || !progress.is_empty() {
        out.push('\n');
    }
    if !of_library.is_empty() {
        out += &print_import(&of_library, "../../ffi/protocol/protocol.gen.ts");
    }
    if !progress.is_empty() {
        out += &print_import(&progress, "./options.ts");
    }
    for (declaration, direction) in declarations {
        out.push('\n');
        out += &declaration.print(*direction);
    }
    assert_short(&out, "an options file of src");
    out
}
