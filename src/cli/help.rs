//! The clap commands, and the help made of them. The man pages and the completions are made of the same commands.

use std::fmt::Write;

use clap::{Arg, ArgAction, ColorChoice, Command};

use super::globals;
use super::guide::{ABOUT, EXAMPLES, MODEL, SHORT_EXAMPLES, USAGE, sections};
use super::manual;
use crate::operators::{Entry, Example};

/// Help is laid out for this many columns, whatever the terminal has: the same text everywhere.
const WIDTH: usize = 80;
/// The options of the short help.
const MOST_USED: [&str; 4] = ["from", "batch", "to", "out"];

/// The command of global options.
pub fn root(options: &[Arg]) -> Command {
    let arg = |name: &'static str, short, help: &'static str| {
        Arg::new(name).long(name).short(short).help(help).action(ArgAction::SetTrue).help_heading("Running")
    };
    Command::new("streamer")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .override_usage(USAGE)
        .color(ColorChoice::Never)
        .term_width(WIDTH)
        .args(options)
        .arg(arg("help", 'h', "Print help; behind an operator: its own help"))
        .arg(arg("version", 'V', "Print the version"))
}

/// The command of an operator, which knows the global options as well; `visible`: its help shows them.
pub fn operator(entry: &Entry, options: &[Arg], visible: bool) -> Command {
    (entry.command)()
        .bin_name(format!("streamer {}", entry.name))
        .display_name(format!("streamer-{}", entry.name))
        .disable_version_flag(true)
        .disable_help_flag(true)
        .arg(Arg::new("help").long("help").short('h').help("Print this help").action(ArgAction::SetTrue))
        .color(ColorChoice::Never)
        .term_width(WIDTH)
        .args(options.iter().map(|o| o.clone().hide(!visible)))
}

/// The command with every operator as a subcommand.
pub fn whole(registry: &[Entry], options: &[Arg], visible: bool) -> Command {
    root(options)
        .about(ABOUT)
        .long_about(MODEL)
        .subcommand_help_heading("Operators")
        .subcommand_value_name("OPERATOR")
        .subcommands(registry.iter().map(|e| operator(e, options, visible)))
}

/// Lets values begin with `-`, and takes words without the program's name.
pub fn lenient(command: Command) -> Command {
    command.no_binary_name(true).mut_args(|arg| {
        let one = arg.get_num_args().is_none_or(|n| n.max_values() <= 1);
        // A positional that takes many words would take options for words.
        let many = !one || (arg.is_positional() && matches!(arg.get_action(), ArgAction::Append));
        if arg.get_action().takes_values() && !many && !arg.is_last_set() { arg.allow_hyphen_values(true) } else { arg }
    })
}

/// The main help: `-h`, one screen, or `--help`, complete.
pub fn main(registry: &[Entry], long: bool) -> String {
    let options = globals::options();
    if !long {
        let mut short = whole(registry, &options, false).mut_args(|arg| {
            let hidden = !MOST_USED.contains(&arg.get_id().as_str());
            arg.help_heading("Options (the most used)").hide(hidden)
        });
        let rest = "more: streamer OPERATOR --help, help expressions, help functions, --help (all)";
        return format!("{}\nExamples:\n{SHORT_EXAMPLES}\n{rest}\n", short.render_help());
    }
    let mut text = whole(registry, &options, false).render_long_help().to_string();
    for (heading, body) in sections() {
        let _ = write!(text, "\n{heading}:\n{}", indented(&body, 2));
    }
    let _ = write!(text, "\nExpressions:\n{}", indented(manual::POINTER, 2));
    text.push_str(&examples(EXAMPLES));
    text
}

/// The help of an operator.
pub fn explained(entry: &Entry, options: &[Arg]) -> String {
    let mut text = operator(entry, options, false).render_long_help().to_string();
    if manual::takes_expressions(entry) {
        let _ = write!(text, "\n{}\n", manual::POINTER);
    }
    text.push_str("\nGlobal options may stand here too: see streamer --help\n");
    text.push_str(&examples(entry.examples));
    text
}

/// One line.
pub fn version() -> String {
    format!("streamer {}\n", env!("CARGO_PKG_VERSION"))
}

/// Examples as they can be typed, with what they print; empty if there are none.
pub fn examples(examples: &[Example]) -> String {
    let mut text = String::new();
    for example in examples {
        if text.is_empty() {
            text.push_str("\nExamples:\n  Printed as into a pipe; a terminal gets a table for each batch.\n");
        }
        let _ = write!(text, "\n  {}\n    $ {}\n{}", example.what, typed(example), indented(example.output, 4));
    }
    text
}

/// The command with its input, to be typed at a shell.
fn typed(example: &Example) -> String {
    if example.input.is_empty() {
        return format!("{} < /dev/null", example.command);
    }
    let mut input = String::new();
    for c in example.input.chars() {
        match c {
            '\n' => input.push_str("\\n"),
            '\t' => input.push_str("\\t"),
            '\r' => input.push_str("\\r"),
            '\0' => input.push_str("\\0"),
            '\\' => input.push_str("\\\\"),
            '%' => input.push_str("%%"),
            '\'' => input.push_str("'\\''"),
            other => input.push(other),
        }
    }
    format!("printf '{input}' | {}", example.command)
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_string() } else { format!("{:by$}{line}\n", "") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::REGISTRY as FAKE;
    use crate::operators::REGISTRY;

    #[test]
    fn the_short_help_fits_one_screen() {
        for registry in [REGISTRY, FAKE] {
            let text = main(registry, false);
            assert!(text.lines().count() <= 40, "{} lines", text.lines().count());
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{line}");
            }
        }
    }

    #[test]
    fn the_short_help_names_every_operator_in_one_line() {
        for registry in [REGISTRY, FAKE] {
            let text = main(registry, false);
            for entry in registry {
                let about = (entry.command)().get_about().map(ToString::to_string).unwrap_or_default();
                assert!(!about.is_empty(), "{} says what it does", entry.name);
                let line = text.lines().find(|l| l.split_whitespace().next() == Some(entry.name));
                assert!(line.is_some_and(|l| l.ends_with(&about)), "{}: shorten: {about}", entry.name);
            }
        }
    }

    #[test]
    fn the_long_help_has_every_option_section_and_example() {
        let text = main(FAKE, true);
        for option in globals::options() {
            assert!(text.contains(&format!("--{}", option.get_id())), "{}", option.get_id());
        }
        for (heading, _) in sections() {
            assert!(text.contains(&format!("\n{heading}:\n")), "{heading}");
        }
        for topic in manual::TOPICS.iter().filter(|topic| topic.name != "formats") {
            assert!(text.contains(&format!("help {}", topic.name)), "{}", topic.name);
        }
        for example in EXAMPLES {
            assert!(text.contains(example.what), "{}", example.what);
        }
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH + 4), "{text}");
    }

    #[test]
    fn an_operator_is_explained_without_the_global_options() {
        let entry = FAKE.iter().find(|e| e.name == "grep").unwrap();
        let text = explained(entry, &globals::options());
        assert!(text.contains("Usage: streamer grep [OPTIONS] <PATTERN>"), "{text}");
        assert!(text.contains("printf 'ok\\nan error\\n' | streamer grep error"), "{text}");
        assert!(!text.contains("--batch"), "{text}");
    }

    #[test]
    fn the_input_of_an_example_survives_the_shell() {
        let example = Example { what: "", command: "streamer count", input: "it's 100%\t\\n\n", output: "" };
        assert_eq!(typed(&example), r"printf 'it'\''s 100%%\t\\n\n' | streamer count");
        let without = Example { input: "", ..example };
        assert_eq!(typed(&without), "streamer count < /dev/null");
    }

    #[test]
    fn no_operator_takes_the_name_of_a_global_option() {
        let root = root(&globals::options());
        for registry in [REGISTRY, FAKE] {
            for entry in registry {
                let command = (entry.command)();
                assert_eq!(command.get_name(), entry.name);
                for arg in command.get_arguments() {
                    for global in root.get_arguments() {
                        assert_ne!(arg.get_id(), global.get_id(), "{}", entry.name);
                        assert!(arg.get_short().is_none() || arg.get_short() != global.get_short(), "{}", entry.name);
                        assert!(arg.get_long().is_none() || arg.get_long() != global.get_long(), "{}", entry.name);
                    }
                }
                operator(entry, &globals::options(), true).debug_assert();
            }
        }
    }
}
