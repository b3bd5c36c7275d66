//! Completion as bash does it: its script, the real program, and what a person has typed.

use std::path::Path;
use std::process::Command;

/// What bash offers for the last of these words.
fn offered(words: &[&str]) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_streamer"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/completions/streamer.bash");
    let ask = r#"source "$0" || exit
        COMP_WORDS=(streamer "$@") COMP_CWORD=$# COMP_TYPE=9
        _clap_complete_streamer streamer "${@: -1}" "${@: -2:1}" && echo "${COMPREPLY[@]}""#;
    let output = Command::new("bash")
        .args(["--norc", "-c", ask, script])
        .args(words)
        .env("PATH", format!("{}:/usr/bin:/bin", program.parent().unwrap().display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_string()
}

#[test]
fn bash_completes_the_words_after_the_last_then() {
    assert_eq!(offered(&["wordc"]), "wordcount");
    assert_eq!(offered(&["grep", "x", "then", "wordc"]), "wordcount");
    assert_eq!(offered(&["wordcount", ""]), "then");
    assert_eq!(offered(&["wordcount", "then", "sample", "1", "--se"]), "--seed");
    assert_eq!(offered(&["wordcount", "--out", "js"]), "json");
    assert_eq!(offered(&["wordcount", "--batche"]), "--batches");
}
