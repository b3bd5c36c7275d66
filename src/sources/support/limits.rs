//! What the system allows a process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets the process have as many descriptors as it may: the usual limit is far below thousands of senders or files.
pub fn allow_many() {
    let limit = getrlimit(Resource::Nofile);
    // If this is refused, a shortage will be reported when it comes.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
