//! How many files and connections the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets the process have as many descriptors as it may: the usual limit is far below thousands of senders, or of files that are
/// read side by side.
pub fn allow_many() {
    let limit = getrlimit(Resource::Nofile);
    // If this is refused, a shortage will be reported when it comes.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
