//! The committed man pages and completion scripts are those that the commands give.
//!
//! After a change of a command: `STREAMER_UPDATE=1 cargo test --test main generated` writes them anew.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use streamer::cli::complete::{SHELLS, script};
use streamer::cli::guide::{EXAMPLES, sections};
use streamer::cli::{globals, help, manual};
use streamer::operators::REGISTRY;

/// Name of a file and what it holds.
type Files = BTreeMap<String, Vec<u8>>;

/// They name all sources and sinks.
#[test]
fn man_pages_are_fresh() {
    if !crate::WHOLE {
        return;
    }
    let options = globals::options();
    let mut files = Files::new();
    let mut behind = sections();
    behind.push(("Expressions", manual::POINTER.to_string()));
    behind.push(("Examples", example_body(&help::examples(EXAMPLES))));
    let mut see: Vec<String> = REGISTRY.iter().map(|e| format!("streamer-{}(1)", e.name)).collect();
    see.push("streamer-functions(7)".to_string());
    files.insert("streamer.1".into(), page(help::whole(REGISTRY, &options, false), &behind, &see));
    for entry in REGISTRY {
        let mut behind = vec![("Global options", "They may stand here too: see streamer(1).".to_string())];
        if !entry.examples.is_empty() {
            behind.push(("Examples", example_body(&help::examples(entry.examples))));
        }
        let mut see = vec!["streamer(1)".to_string()];
        if manual::takes_expressions(entry) {
            behind.insert(0, ("Expressions", manual::POINTER.to_string()));
            see.push("streamer-functions(7)".to_string());
        }
        let page = page(help::operator(entry, &options, false), &behind, &see);
        files.insert(format!("streamer-{}.1", entry.name), page);
    }
    files.insert("streamer-functions.7".into(), functions_page());
    check("man", &files);
}

#[test]
fn completion_scripts_are_fresh() {
    let made = SHELLS.iter().map(|(shell, file)| (file.to_string(), script(shell).unwrap().into_bytes()));
    check("completions", &made.collect());
}

/// `streamer help expressions` and `streamer help functions`, and the examples of each function.
fn functions_page() -> Vec<u8> {
    let mut roff = Roff::new();
    let source = format!("streamer {}", env!("CARGO_PKG_VERSION"));
    roff.control("TH", ["streamer-functions", "7", "", source.as_str(), "streamer"]);
    roff.control("SH", ["NAME"]);
    roff.text([roman("streamer-functions - operators, functions and aggregates of expressions")]);
    let explained = |name| manual::function(name).unwrap();
    let each: Vec<String> = manual::names().map(explained).filter(|text| text.contains("\nExamples:\n")).collect();
    let sections = [
        ("Expressions", manual::expressions()),
        ("Functions", manual::functions()),
        ("Functions, one by one", each.join("\n")),
    ];
    laid_out(&mut roff, &sections);
    roff.control("SH", ["SEE ALSO"]).text([roman("streamer(1)")]);
    let mut page = Vec::new();
    roff.to_writer(&mut page).unwrap();
    page
}

/// Sections whose text is laid out already.
fn laid_out(roff: &mut Roff, sections: &[(&str, String)]) {
    for (heading, body) in sections {
        roff.control("SH", [heading.to_uppercase().as_str()]).control("nf", []);
        for line in body.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
}

/// Examples without the heading.
fn example_body(examples: &str) -> String {
    examples.trim_start_matches("\nExamples:\n").to_string()
}

/// A page: what clap_mangen makes of the command, then sections that are laid out already. No date, so that it is the same
/// on every day.
fn page(mut command: Command, sections: &[(&str, String)], see: &[String]) -> Vec<u8> {
    command.build();
    let usage = command.render_usage().to_string();
    let command = command.override_usage(usage.trim_start_matches("Usage: ").to_string());
    let source = format!("streamer {}", env!("CARGO_PKG_VERSION"));
    let operators = command.has_subcommands().then(|| {
        let about =
            |c: &Command| (c.get_name().to_string(), c.get_about().map(ToString::to_string).unwrap_or_default());
        command.get_subcommands().map(about).collect::<Vec<_>>()
    });
    let man = Man::new(command).source(source).manual("streamer");
    let mut page = Vec::new();
    man.render_title(&mut page).unwrap();
    man.render_name_section(&mut page).unwrap();
    man.render_synopsis_section(&mut page).unwrap();
    man.render_description_section(&mut page).unwrap();
    let mut roff = Roff::new();
    if let Some(operators) = operators {
        roff.control("SH", ["OPERATORS"]);
        for (name, about) in operators {
            roff.control("TP", []).text([bold(name)]).text([roman(about)]);
        }
    }
    roff.to_writer(&mut page).unwrap();
    man.render_options_section(&mut page).unwrap();
    let mut roff = Roff::new();
    laid_out(&mut roff, sections);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(see.join(", "))]);
    roff.to_writer(&mut page).unwrap();
    once(&page)
}

/// Leaves out the definitions that every part of the page begins with, but for the first.
fn once(page: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(page.to_vec()).unwrap();
    let mut lines = Vec::new();
    for line in text.lines() {
        let definition = line.starts_with(".ie ") || line.starts_with(".el ");
        if !(definition && lines.contains(&line)) {
            lines.push(line);
        }
    }
    (lines.join("\n") + "\n").into_bytes()
}

/// Compares the files of a folder with those that should be there; writes them instead if asked to.
fn check(folder: &str, wanted: &Files) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let update = std::env::var_os("STREAMER_UPDATE").is_some();
    if update {
        std::fs::create_dir_all(&folder).unwrap();
    }
    let mut found = Files::new();
    for file in std::fs::read_dir(&folder).unwrap() {
        let file = file.unwrap();
        found.insert(file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap());
    }
    for (name, bytes) in wanted {
        if found.remove(name).as_ref() == Some(bytes) {
            continue;
        }
        assert!(update, "{name} is not what is generated now; run: STREAMER_UPDATE=1 cargo test --test main generated");
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    for name in found.keys() {
        assert!(update, "{name} is superfluous; run: STREAMER_UPDATE=1 cargo test --test main generated");
        std::fs::remove_file(folder.join(name)).unwrap();
    }
}
