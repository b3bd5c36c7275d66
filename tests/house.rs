//! The rules of the house, kept by reading the source: who may import whom, folders that are registries, files of a size
//! that can be read, and where unsafe code, clocks and panics may stand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use streamer::operators::REGISTRY;

/// From the bottom to the top; who stands on one line knows nothing of the others on it.
const LAYERS: &[&[&str]] = &[
    &["error"],
    &["data"],
    &["clock", "failpoint", "messages"],
    &["stop", "stats", "url"],
    &["kafka"],
    &["expr"],
    &["progress", "formats"],
    &["sources", "operators", "sinks"],
    &["state"],
    &["engine", "io", "tables"],
    &["cli"],
    &["run"],
    &["explain"],
    &["lib"],
    &["main"],
];

/// Folders whose files, but for `mod.rs` and helpers that several share, are plug-ins.
const PLUGINS: &[&str] = &["formats", "sources", "operators", "sinks"];
/// Shared by the plug-ins of their folder.
const HELPERS: &[&str] = &["support", "running", "tables", "testing", "tests", "whole"];

/// A source file.
struct File {
    /// From the root of the crate, as `src/data/keys.rs`.
    name: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn files(folders: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    folders.iter().map(|folder| root().join(folder)).filter(|f| f.is_dir()).for_each(|f| files_below(&f, &mut found));
    found.sort();
    let read = |path: PathBuf| File {
        name: path.strip_prefix(root()).unwrap().display().to_string(),
        text: std::fs::read_to_string(&path).unwrap(),
    };
    let files: Vec<File> = found.into_iter().map(read).collect();
    assert!(files.len() > 10, "the source is here");
    files
}

impl File {
    /// The names of its module, from the crate down; `lib` and `main` are modules of their own.
    fn module(&self) -> Vec<&str> {
        let path = self.name.trim_start_matches("src/").trim_end_matches(".rs");
        path.split('/').filter(|name| *name != "mod").collect()
    }

    /// Whether the whole file is there for tests.
    fn is_test(&self) -> bool {
        self.module().iter().any(|name| ["tests", "testing"].contains(name))
    }

    /// The lines of the program, without comments and what stands behind the first `#[cfg(test)] mod`.
    fn lines(&self) -> impl Iterator<Item = &str> {
        let end = if self.is_test() { Some(0) } else { self.text.find("#[cfg(test)]\nmod tests") };
        let text = &self.text[..end.unwrap_or(self.text.len())];
        text.lines().filter(|line| !line.trim_start().starts_with("//"))
    }

    /// The code: these lines without texts.
    fn code(&self) -> String {
        let mut code = String::new();
        for line in self.lines() {
            let mut inside = false;
            let mut before = ' ';
            for c in line.chars() {
                if c == '"' && before != '\\' && before != '\'' {
                    inside = !inside;
                } else if !inside {
                    code.push(c);
                }
                before = if before == '\\' && c == '\\' { ' ' } else { c };
            }
            code.push('\n');
        }
        code
    }

    /// Every path into the crate, as the names from the crate down.
    fn paths(&self) -> Vec<Vec<String>> {
        let code = self.code();
        let mut paths = Vec::new();
        for (at, start) in code.match_indices("crate::").chain(code.match_indices("super::")) {
            let continued = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$');
            if continued {
                continue;
            }
            let mut base: Vec<String> = Vec::new();
            let mut rest = &code[at + start.len()..];
            if start == "super::" {
                base = self.module().into_iter().map(String::from).collect();
                base.pop();
                while let Some(up) = rest.strip_prefix("super::") {
                    base.pop();
                    rest = up;
                }
            }
            tree(&mut rest, &base, &mut paths);
        }
        paths
    }
}

/// Reads `a::b`, `a::{b, c::d}` and the like behind `base`.
fn tree(rest: &mut &str, base: &[String], paths: &mut Vec<Vec<String>>) {
    let mut path = base.to_vec();
    loop {
        *rest = rest.trim_start();
        if let Some(inner) = rest.strip_prefix('{') {
            *rest = inner;
            while !rest.trim_start().starts_with('}') {
                let before = rest.len();
                tree(rest, &path, paths);
                *rest = rest.trim_start().trim_start_matches(',');
                assert!(rest.len() < before, "a list of imports that cannot be read: {}", &rest[..rest.len().min(60)]);
            }
            *rest = &rest.trim_start()[1..];
            return;
        }
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(length);
        *rest = behind.trim_start_matches('*');
        if name == "as" || name.is_empty() {
            break;
        }
        path.push(name.to_string());
        match rest.strip_prefix("::") {
            Some(more) => *rest = more,
            None => break,
        }
    }
    if let Some(renamed) = rest.trim_start().strip_prefix("as ") {
        *rest = renamed.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    }
    paths.push(path);
}

/// The plug-ins of a folder.
fn plugins(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("src").join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let names = entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_string());
    names.filter(|name| name != "mod" && !HELPERS.contains(&name.as_str())).collect()
}

/// Imports go down the layers, never up and never sideways.
#[test]
fn imports_go_down() {
    let layer = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    let mut seen = 0;
    for file in files(&["src"]) {
        let module = file.module();
        let mine = layer(module[0]).unwrap_or_else(|| panic!("{} has no layer: give it one in LAYERS", file.name));
        for path in file.paths() {
            // What the crate itself defines (`crate::run`, the function) is named by its root alone.
            let Some(theirs) = path.first().and_then(|name| layer(name)) else { continue };
            seen += 1;
            assert!(
                theirs < mine || path[0] == module[0],
                "{} imports {}: imports go from {} down, see LAYERS",
                file.name,
                path.join("::"),
                module[0]
            );
        }
    }
    assert!(seen > 100, "the reader of imports finds only {seen}");
}

/// A plug-in knows no other one, and outside its folder nobody knows it: they meet at the registry.
#[test]
fn plugins_are_known_to_their_registry_only() {
    for file in files(&["src"]) {
        let module = file.module();
        for path in file.paths() {
            let [folder, name, ..] = path.as_slice() else { continue };
            if !PLUGINS.contains(&folder.as_str()) || !plugins(folder).contains(name) {
                continue;
            }
            let own = module.first() == Some(&folder.as_str()) && (module.len() == 1 || module[1] == name);
            assert!(own, "{} names the plug-in {}", file.name, path.join("::"));
        }
    }
}

/// Each file of a folder of plug-ins stands in its registry, and the operators are called as their files are.
#[test]
fn folders_are_registries() {
    for folder in PLUGINS {
        let registry = std::fs::read_to_string(root().join("src").join(folder).join("mod.rs")).unwrap();
        for name in plugins(folder) {
            let declared =
                registry.lines().any(|l| [format!("mod {name};"), format!("pub mod {name};")].contains(&l.to_string()));
            assert!(declared && registry.contains(&format!("{name}::")), "{folder}/{name}.rs is not in the registry");
        }
    }
    let registered: BTreeSet<String> = REGISTRY.iter().map(|entry| entry.name.to_string()).collect();
    assert_eq!(registered.len(), REGISTRY.len(), "an operator is registered twice");
    assert_eq!(registered, plugins("operators"));
}

/// Each operator says what it does, in short and at length, what its arguments are, and shows it.
#[test]
fn operators_are_documented() {
    for entry in REGISTRY {
        let command = (entry.command)();
        assert_eq!(command.get_name(), entry.name);
        assert!(command.get_about().is_some() && command.get_long_about().is_some(), "{} has no help", entry.name);
        assert!(!entry.examples.is_empty(), "{} has no example", entry.name);
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{}: {} has no help", entry.name, arg.get_id());
        }
        for example in entry.examples {
            assert!(example.command.split(' ').any(|word| word == entry.name), "{}: {}", entry.name, example.command);
        }
    }
}

/// A file opens with what it is for, and is no longer than can be read at once.
#[test]
fn files_are_introduced_and_short() {
    for file in files(&["src", "tests", "benches"]) {
        assert!(file.text.starts_with("//!"), "{} opens with a few lines of //!", file.name);
        let lines = file.text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines: it wants to be two files", file.name);
    }
}

/// Outside of tests nothing panics without saying why it cannot happen.
#[test]
fn panics_have_a_reason() {
    for file in files(&["src"]) {
        for line in file.lines() {
            for word in
                [".unwrap()", ".expect(\"\")", "panic!(", "todo!(", "unimplemented!(", "dbg!(", "unreachable!()"]
            {
                assert!(!line.contains(word), "{} has {word} without a reason", file.name);
            }
        }
    }
}

/// Unsafe code, the system's clock and the process's own streams stand where they are looked for.
#[test]
fn special_things_have_their_place() {
    let places: &[(&[&str], &[&str])] = &[
        (&["unsafe "], &["src/data/fast"]),
        (&["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now", "thread::sleep"], &["src/clock.rs"]),
        (&["println!(", "eprintln!(", "print!(", "eprint!("], &[]),
        (&["std::io::stdout()", "std::io::stderr()"], &["src/io.rs", "src/main.rs"]),
        (&["std::env::vars"], &["src/io.rs"]),
        (&["process::exit"], &["src/main.rs"]),
    ];
    for file in files(&["src"]) {
        let code = file.code();
        for (words, places) in places {
            for word in *words {
                let allowed = places.iter().any(|place| file.name.starts_with(place));
                assert!(allowed || !code.contains(word), "{} has {word}, which belongs in {places:?}", file.name);
            }
        }
    }
}

/// `main` says nothing: arguments, clock, run, exit status.
#[test]
fn main_is_short() {
    let main = std::fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.lines().count() < 40);
}

/// The changelog has a place for what is new, or for the version that is built.
#[test]
fn the_changelog_goes_with_the_version() {
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let version = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(changelog.lines().any(|line| line.starts_with("## [Unreleased]") || line.starts_with(&version)));
}

/// Every package that is built in, or that tests use, has a licence that `deny.toml` allows (`cargo deny check` says more).
#[test]
fn licences_are_allowed() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let allow = deny.split_once("allow = [").and_then(|(_, rest)| rest.split_once(']')).expect("a list").0;
    let allow: Vec<&str> = allow.split(['"', ',', '\n', ' ']).filter(|name| !name.is_empty()).collect();
    let mut metadata = std::process::Command::new(env!("CARGO"));
    // What other systems need is built in nowhere here, and comes now.
    metadata.args(["metadata", "--locked", "--format-version", "1", "--manifest-path"]);
    let done = metadata.arg(root().join("Cargo.toml")).output().expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none").replace('/', " OR ");
        let one_of = |part: &str| part.trim_matches(['(', ')', ' ']).split(" OR ").any(|name| allow.contains(&name));
        assert!(licence.split(" AND ").all(one_of), "{} has the licence {licence}", package["name"]);
    }
    assert!(packages.len() > 50);
}
