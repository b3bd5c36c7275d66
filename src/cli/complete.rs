//! Completion for bash, zsh and fish. The shell's script runs `streamer` with `COMPLETE` set to the name of the shell and
//! gives it the words of the line; the words after the last `then` are completed as a chain of their own.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Arg, Command};
use clap_complete::engine::{CompletionCandidate, complete};
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};

use super::chain::THEN;
use super::{globals, help, manual};
use crate::error::{Error, Result};
use crate::operators::Entry;

/// The variable that asks for completions.
pub const VARIABLE: &str = "COMPLETE";

/// The shells: name, and the file for its script.
pub const SHELLS: [(&str, &str); 3] = [("bash", "streamer.bash"), ("zsh", "_streamer"), ("fish", "streamer.fish")];

/// The script that makes a shell ask; `None` for a shell that is not among [`SHELLS`].
pub fn script(shell: &str) -> Option<String> {
    let shell: &dyn EnvCompleter = match shell {
        "bash" => &Bash,
        "zsh" => &Zsh,
        "fish" => &Fish,
        _ => return None,
    };
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "streamer", "streamer", "streamer", &mut script).ok()?;
    String::from_utf8(script).ok()
}

/// Answers a shell: `args` are the program's name, `--`, and the words of the line, the program's name first; without
/// words, the script. `None` if nothing was asked.
pub fn answer(
    registry: &'static [Entry],
    args: &[OsString],
    env: &HashMap<OsString, OsString>,
) -> Option<Result<String>> {
    let asked = env.get(OsStr::new(VARIABLE)).filter(|v| !v.is_empty() && *v != "0")?;
    // `$SHELL` is a path.
    let shell = Path::new(asked).file_name().unwrap_or(asked).to_string_lossy();
    let Some(script) = script(&shell) else {
        return Some(Err(Error::usage(format!(
            "{VARIABLE}={shell}: there are no completions for this shell, only for bash, zsh and fish"
        ))));
    };
    let words = args.iter().position(|a| a == "--").map_or(&[][..], |at| &args[at + 1..]);
    if words.is_empty() {
        return Some(Ok(script));
    }
    let variable = |name: &str| env.get(OsStr::new(name)).and_then(|v| v.to_str());
    // fish cuts the line at the cursor, the others give an index.
    let cursor = match variable("_CLAP_COMPLETE_INDEX").and_then(|i| i.parse().ok()) {
        Some(index) if shell != "fish" => index,
        _ => words.len() - 1,
    };
    let current = words.get(cursor).cloned().unwrap_or_default();
    let candidates = candidates(registry, &words[1..cursor.clamp(1, words.len())], current);
    Some(Ok(printed(&shell, variable("_CLAP_IFS").unwrap_or("\n"), &candidates)))
}

/// How a shell wants its candidates.
fn printed(shell: &str, separator: &str, candidates: &[CompletionCandidate]) -> String {
    let each = candidates.iter().map(|candidate| {
        let value = candidate.get_value().to_string_lossy();
        let help = candidate.get_help().map(|h| h.to_string().lines().next().unwrap_or_default().to_string());
        match (shell, help) {
            ("zsh", help) => {
                let value = value.replace('\\', "\\\\").replace(':', "\\:");
                help.map_or(value.clone(), |h| format!("{value}:{}", h.replace('\\', "\\\\")))
            }
            ("fish", Some(help)) => format!("{value}\t{help}"),
            _ => value.into_owned(),
        }
    });
    let separator = if shell == "fish" { "\n" } else { separator };
    each.collect::<Vec<_>>().join(separator)
}

/// What may stand at the cursor, behind `before`, beginning as `current` does.
fn candidates(registry: &'static [Entry], before: &[OsString], current: OsString) -> Vec<CompletionCandidate> {
    let segment = before.rsplit(|w| w == THEN).next().unwrap_or_default();
    let is_option = current.to_string_lossy().starts_with('-');
    let may_then = !is_option && THEN.starts_with(&*current.to_string_lossy()) && is_whole(registry, segment);
    let names = Arg::new("OPERATOR").value_parser(registry.iter().map(|e| e.name).collect::<Vec<_>>());
    let mut helper = Command::new("help").about("Explain an operator").disable_help_subcommand(true).arg(names);
    for topic in manual::TOPICS {
        let mut command = Command::new(topic.name).about(topic.about);
        if topic.name == "functions" {
            command = command.arg(Arg::new("NAME").value_parser(manual::names().collect::<Vec<_>>()));
        }
        helper = helper.subcommand(command);
    }
    let mut command = help::whole(registry, &globals::options(), true).subcommand(helper);
    let mut words = vec![OsString::from("streamer")];
    words.extend_from_slice(segment);
    words.push(current);
    let index = words.len() - 1;
    let directory = std::env::current_dir().ok();
    // An error says that there is nothing to offer.
    let mut found = complete(&mut command, words, index, directory.as_deref()).unwrap_or_default();
    found.retain(|c| is_option || !c.get_value().to_string_lossy().starts_with('-'));
    if may_then {
        found.push(CompletionCandidate::new(THEN).help(Some("Go on with another operator".into())));
    }
    found
}

/// Whether these words are an operator with all that it needs, so that `then` may follow.
fn is_whole(registry: &'static [Entry], segment: &[OsString]) -> bool {
    let command = help::whole(registry, &globals::options(), true).subcommand_required(true);
    let words = std::iter::once(OsString::from("streamer")).chain(segment.iter().cloned());
    command.try_get_matches_from(words).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::REGISTRY;

    fn ask(shell: &str, words: &[&str]) -> String {
        let args: Vec<OsString> = ["streamer", "--", "streamer"].iter().chain(words).map(OsString::from).collect();
        let index = words.len().to_string();
        let env = [(VARIABLE, shell), ("_CLAP_COMPLETE_INDEX", &index), ("_CLAP_IFS", "|")];
        let env = env.iter().map(|(k, v)| (k.into(), v.into())).collect();
        answer(REGISTRY, &args, &env).unwrap().unwrap()
    }

    #[test]
    fn operators_are_offered_at_the_start_and_after_then() {
        assert_eq!(ask("bash", &["wo"]), "words|wordcount");
        assert_eq!(ask("bash", &["words", "then", "he"]), "head|help");
        assert_eq!(ask("bash", &["--batch", "1s", "gr"]), "grep");
    }

    #[test]
    fn help_offers_operators_topics_and_functions() {
        assert_eq!(ask("bash", &["help", "fun"]), "functions");
        assert_eq!(ask("bash", &["help", "gr"]), "grep");
        assert_eq!(ask("bash", &["help", "functions", "substr"]), "substring");
        assert_eq!(ask("bash", &["help", "functions", "approx_c"]), "approx_count_distinct");
    }

    #[test]
    fn the_options_of_the_last_operator_and_the_global_ones_are_offered() {
        assert_eq!(ask("bash", &["words", "then", "count", "--b"]), "--by|--bad|--batch|--batches");
        assert_eq!(ask("bash", &["words", "--b"]), "--bad|--batch|--batches");
        assert_eq!(ask("bash", &["words", "--out", "t"]), "text|tsv|table");
        assert_eq!(ask("bash", &["--out=j"]), "--out=json");
    }

    #[test]
    fn then_is_offered_where_an_operator_is_whole() {
        assert_eq!(ask("bash", &["words", ""]), "then");
        assert_eq!(ask("bash", &["words", "then", "head", "5", "th"]), "then");
        assert_eq!(ask("bash", &["head", ""]), "");
        assert_eq!(ask("bash", &["count", "--by", ""]), "");
        assert!(!ask("bash", &["words", "then", ""]).split('|').any(|w| w == "then"));
    }

    #[test]
    fn each_shell_gets_its_own_form() {
        assert_eq!(ask("zsh", &["head", "5", "t"]), "then:Go on with another operator");
        assert_eq!(ask("fish", &["head", "5", "t"]), "then\tGo on with another operator");
        assert_eq!(ask("/usr/bin/bash", &["head", "5", "t"]), "then");
        assert!(ask("fish", &["w"]).contains("words\tSplit lines into words\n"));
        assert!(ask("zsh", &["--start=2026:"]).is_empty());
    }

    #[test]
    fn words_behind_the_cursor_do_not_count() {
        let args: Vec<OsString> =
            ["streamer", "--", "streamer", "gr", "then", "x"].iter().map(OsString::from).collect();
        let env =
            [(VARIABLE, "bash"), ("_CLAP_COMPLETE_INDEX", "1")].iter().map(|(k, v)| (k.into(), v.into())).collect();
        assert_eq!(answer(REGISTRY, &args, &env).unwrap().unwrap(), "grep");
    }

    #[test]
    fn an_empty_word_at_the_end_may_be_missing_as_in_zsh() {
        let args: Vec<OsString> = ["streamer", "--", "streamer", "words"].iter().map(OsString::from).collect();
        let env =
            [(VARIABLE, "zsh"), ("_CLAP_COMPLETE_INDEX", "2")].iter().map(|(k, v)| (k.into(), v.into())).collect();
        assert_eq!(answer(REGISTRY, &args, &env).unwrap().unwrap(), "then:Go on with another operator");
    }

    #[test]
    fn without_words_the_script_is_printed_and_other_shells_are_refused() {
        let env = |shell: &str| HashMap::from([(VARIABLE.into(), shell.into())]);
        let args = ["streamer".into()];
        assert_eq!(answer(REGISTRY, &args, &env("zsh")).unwrap().unwrap(), script("zsh").unwrap());
        assert!(script("bash").unwrap().contains("streamer"));
        assert!(answer(REGISTRY, &args, &env("tcsh")).unwrap().unwrap_err().to_string().contains("fish"));
        assert!(answer(REGISTRY, &args, &env("0")).is_none());
        assert!(answer(REGISTRY, &args, &env("")).is_none());
        assert!(answer(REGISTRY, &args, &HashMap::new()).is_none());
    }
}
