//! Commands that operators run: whether there is such a command.

use std::ffi::OsStr;
use std::path::Path;

use crate::error::{Error, Result};

/// Makes sure that there is the command that stands behind the `--` of `operator`, so that a wrong name is told before
/// anything runs.
pub fn find(operator: &str, command: &OsStr) -> Result<()> {
    find_in(operator, command, std::env::var_os("PATH").as_deref())
}

fn find_in(operator: &str, command: &OsStr, path: Option<&OsStr>) -> Result<()> {
    let runnable = |path: &Path| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    let name = command.display();
    if command.as_encoded_bytes().contains(&b'/') {
        return match Path::new(command) {
            path if runnable(path) => Ok(()),
            path if path.exists() => {
                Err(Error::failed(format!("{operator} cannot run `{name}`: it is not an executable file")))
            }
            _ => Err(Error::failed(format!("{operator} cannot run `{name}`: there is no such file"))),
        };
    }
    // What the system looks through if there is no PATH at all.
    let path = path.unwrap_or(OsStr::new("/bin:/usr/bin"));
    if std::env::split_paths(path).any(|folder| runnable(&folder.join(command))) {
        return Ok(());
    }
    let hint = if command.as_encoded_bytes().contains(&b' ') {
        format!("; each word is an argument of its own (`-- {name}`), a shell is `-- sh -c '{name}'`")
    } else {
        String::new()
    };
    Err(Error::failed(format!("{operator} cannot run `{name}`: there is no such command in PATH{hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_not_there_is_told() {
        let message = |command: &str| find("pipe", OsStr::new(command)).unwrap_err().to_string();
        assert!(
            message("no-such-command-here").starts_with("pipe cannot run `no-such-command-here`: there is no such")
        );
        assert!(message("sort -u").contains("`-- sort -u`") && message("sort -u").contains("sh -c 'sort -u'"));
        assert!(message("/no/such/file").contains("no such file"));
        assert!(message("/").contains("not an executable file"));
        assert!(find("pipe", OsStr::new("cat")).is_ok() && find("pipe", OsStr::new("/bin/sh")).is_ok());
        let without = find_in("pipe", OsStr::new("cat"), None);
        assert!(without.is_ok(), "without PATH the system's folders are looked through");
    }
}
