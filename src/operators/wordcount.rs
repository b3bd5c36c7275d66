//! `wordcount`: a macro, the first example of every introduction.

use clap::{ArgMatches, Command};

use super::{Built, Entry, Example};
use crate::error::Result;

/// `wordcount`, as the command line knows it.
pub const ENTRY: Entry = Entry {
    name: "wordcount",
    command,
    build,
    examples: &[Example {
        what: "how often each word occurs",
        command: "streamer wordcount",
        input: "to be or not\nto be\n",
        output: "be\t2\nnot\t1\nor\t1\nto\t2\n",
    }],
};

/// The chain that it stands for.
const CHAIN: [&str; 5] = ["words", "then", "count", "--by", "word"];

fn command() -> Command {
    Command::new("wordcount")
        .about("how often each word occurs")
        .long_about(format!("How often each word occurs, in order of the words. Stands for `{}`.", CHAIN.join(" ")))
}

fn build(_: &ArgMatches) -> Result<Built> {
    Ok(Built::Chain(CHAIN.map(String::from).to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_for_words_then_count() {
        let args = command().try_get_matches_from(["wordcount"]).unwrap();
        assert!(matches!(build(&args), Ok(Built::Chain(words)) if words.join(" ") == "words then count --by word"));
        assert!(command().try_get_matches_from(["wordcount", "book.txt"]).is_err());
    }
}
