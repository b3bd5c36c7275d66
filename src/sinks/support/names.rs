//! Names of sinks and of files per batch: the hidden ones under which they are written, and the numbers that they get where a name is taken.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::sinks::directory_of;

/// A name of a sink that is spelled so under the checkpoint of this name: nobody else has it.
pub fn tag(spec: &str, id: &str) -> String {
    // FNV-1a: the run may have other sinks of this kind.
    let hash = spec.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{id}-{hash:08x}")
}

/// `.NAME.MARK-NUMBER` beside the file.
pub fn hidden_name(file: &Path, mark: &str, number: u64) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(format!(".{mark}-{number}"));
    directory_of(file).join(name)
}

/// `out/a.csv` as `out/a-2.csv`.
pub fn numbered(target: &Path, extension: &str, number: u64) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(extension).unwrap_or(&name);
    target.with_file_name(format!("{stem}-{number}{extension}"))
}

/// Which number a name has that was given for a target: 1 for the target itself; `None` if it is of another one.
pub fn number_of(name: &Path, target: &Path, extension: &str) -> Option<u64> {
    if name == target {
        return Some(1);
    }
    let text = |path: &Path| Some(path.file_name()?.to_str()?.strip_suffix(extension)?.to_string());
    let number: u64 = text(name)?.strip_prefix(&text(target)?)?.strip_prefix('-')?.parse().ok()?;
    (number >= 2 && name == numbered(target, extension, number)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_given() {
        let target = Path::new("out/a.csv");
        for number in [2, 3, 10, 4711] {
            assert_eq!(number_of(&numbered(target, ".csv", number), target, ".csv"), Some(number));
        }
        assert_eq!(number_of(target, target, ".csv"), Some(1));
        for other in ["out/a-1.csv", "out/a-02.csv", "out/a-x.csv", "out/a2.csv", "out/b-2.csv", "out/a-2", "x/a-2.csv"]
        {
            assert_eq!(number_of(Path::new(other), target, ".csv"), None, "{other}");
        }
        assert_eq!(number_of(Path::new("19700101T000001.000Z-2"), Path::new("19700101T000001.000Z"), ""), Some(2));
    }
}
