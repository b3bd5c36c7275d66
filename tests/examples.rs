//! Every example of a help text is true: it is run, and gives what the help shows.

use streamer::cli::guide;
use streamer::operators::{Example, REGISTRY};

use crate::harness::run;

fn check(owner: &str, example: &Example) {
    let (status, stdout, stderr) = run(example.command, example.input.as_bytes());
    let stdout = String::from_utf8(stdout).unwrap();
    assert_eq!(stdout, example.output, "{owner}: {}\nstderr: {stderr}", example.command);
    assert_eq!(status, 0, "{owner}: {}\nstderr: {stderr}", example.command);
}

/// Those of the operators; every operator has one.
#[test]
fn examples_of_operators() {
    for entry in REGISTRY {
        assert!(!entry.examples.is_empty(), "{} has no example", entry.name);
        entry.examples.iter().for_each(|example| check(entry.name, example));
    }
}

/// Those of the main help.
#[test]
fn examples_of_the_main_help() {
    guide::EXAMPLES.iter().for_each(|example| check("streamer", example));
}
