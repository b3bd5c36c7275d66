//! stub
use crate::error::Result;
use std::path::Path;
/// e
#[derive(Debug, Clone)]
pub struct Entry {
    /// l
    pub lane: u32,
    /// f
    pub from: u64,
    /// u
    pub until: u64,
    /// b
    pub begins: Option<String>,
    /// b
    pub bytes: Vec<u8>,
}
/// j
pub struct Journal;
impl Journal {
    /// o
    pub fn open(_: &Path) -> Result<(Journal, Vec<Entry>)> { Ok((Journal, Vec::new())) }
    /// a
    pub fn append(&self, _: u32, _: u64, _: u64, _: Option<&str>, _: &[u8]) -> Result<()> { Ok(()) }
    /// s
    pub fn sync(&self) -> Result<()> { Ok(()) }
    /// f
    pub fn forget(&self, _: &[(u32, u64)]) -> Result<()> { Ok(()) }
}
