//! A window of a file as the system holds it in memory, without a copy.
//!
//! A file that is cut off while it is mapped gives no error but a SIGBUS. The handler for it, installed with the first window,
//! puts zeros in the place of a window in which that happens and marks it as cut: whoever looked through it asks for the mark
//! afterwards, and reads instead. Any other SIGBUS goes to who handled it before.
//!
//! Each window lies in a slot, a stretch of addresses that stays reserved, so that the handler need only know where slots begin.
//! The portable twin is reading: where nothing can be mapped there is no window.

/// What is mapped at once, in bytes, and a little more.
pub const WINDOW: usize = 4 << 20;

#[cfg(target_os = "linux")]
pub use linux::Mapped;
#[cfg(not(target_os = "linux"))]
pub use other::Mapped;

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::{c_int, c_void};
    use std::fs::File;
    use std::ptr::{NonNull, null_mut, with_exposed_provenance_mut as pointer};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use libc::{sigaction, siginfo_t};
    use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous};

    use super::super::HUGE;
    use super::WINDOW;

    /// A window begins and ends with a huge page, of which the file may have some: they are mapped in one step.
    const SLOT: usize = WINDOW + 2 * HUGE;

    /// Addresses for one window after the other.
    struct Slot {
        /// Where they begin, once they are reserved, which they are for ever.
        begin: AtomicUsize,
        taken: AtomicBool,
        /// The file has been cut off under the window that is here.
        cut: AtomicBool,
    }

    /// One for each thread that looks through a window; whoever finds none reads.
    static SLOTS: [Slot; 64] = [const { Slot::NEW }; 64];

    /// Some bytes of a file. Others may change them meanwhile.
    pub struct Mapped {
        slot: &'static Slot,
        /// Makes it stay with its thread, too: the handler of that thread is the only other one that changes the slot.
        at: NonNull<u8>,
        len: usize,
        faults: i64,
    }

    impl Mapped {
        /// `len` bytes of a file behind `at`; `None` if they cannot be mapped.
        pub fn new(file: &File, at: u64, len: usize) -> Option<Self> {
            let (first, end) = (at / HUGE as u64 * HUGE as u64, at.checked_add(len as u64)?);
            let whole = usize::try_from(end.checked_next_multiple_of(HUGE as u64)? - first).ok()?;
            if len == 0 || whole > SLOT || !is_handled() {
                return None;
            }
            let take = |slot: &&Slot| !slot.taken.swap(true, Ordering::SeqCst);
            let slot = SLOTS.iter().find(take)?;
            let Some(begin) = slot.reserved() else {
                slot.taken.store(false, Ordering::SeqCst);
                return None;
            };
            slot.cut.store(false, Ordering::SeqCst);
            let faults = faults();
            // SAFETY: these addresses are reserved for this slot, which nobody else has taken, and `whole` of them there are.
            let mapped = unsafe {
                mmap(pointer(begin), whole, ProtFlags::READ, MapFlags::SHARED | MapFlags::FIXED, file, first)
            };
            if mapped.is_err() {
                // Whether they still are reserved is not known now: this slot gets others, and nobody these.
                slot.begin.store(0, Ordering::SeqCst);
                slot.taken.store(false, Ordering::SeqCst);
                return None;
            }
            let at = NonNull::new(pointer(begin + (at - first) as usize))?;
            Some(Mapped { slot, at, len, faults })
        }

        /// The bytes. Only for who takes them for nothing but bytes: two looks at one of them may differ.
        pub fn bytes(&self) -> &[u8] {
            // SAFETY: so many are mapped, and stay so (the handler puts others in their place, but leaves no hole) until the drop.
            // That another process may change them is outside of what the language knows; it is to the code that looks at them
            // as if it read them anew each time, which is why that must not rely on what it saw.
            unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.len) }
        }

        /// The file has been cut off before their end, and zeros stood in their place.
        pub fn is_cut(&self) -> bool {
            self.slot.cut.load(Ordering::SeqCst)
        }

        /// How often this thread has had to wait for the system to put pages in their place, which is what a window costs: once
        /// for a huge page, else every few pages.
        pub fn faults(&self) -> usize {
            usize::try_from(faults() - self.faults).unwrap_or(0)
        }
    }

    impl Drop for Mapped {
        fn drop(&mut self) {
            let begin = self.slot.begin.load(Ordering::SeqCst);
            // SAFETY: the addresses of this slot, whose window nobody looks at any more.
            if unsafe { cover(begin, ProtFlags::empty()) } {
                self.slot.taken.store(false, Ordering::SeqCst);
            }
        }
    }

    impl Slot {
        #[allow(clippy::declare_interior_mutable_const)] // each use makes a slot of its own
        const NEW: Slot =
            Slot { begin: AtomicUsize::new(0), taken: AtomicBool::new(false), cut: AtomicBool::new(false) };

        /// Where its addresses begin; only for who has taken it.
        fn reserved(&self) -> Option<usize> {
            let begin = self.begin.load(Ordering::SeqCst);
            if begin != 0 {
                return Some(begin);
            }
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
            // SAFETY: new addresses, which the kernel chooses, touch nothing that is in use.
            let at = unsafe { mmap_anonymous(null_mut(), SLOT + HUGE, ProtFlags::empty(), flags) }.ok()?;
            let begin = at.expose_provenance().next_multiple_of(HUGE);
            self.begin.store(begin, Ordering::SeqCst);
            Some(begin)
        }
    }

    /// Puts zeros, or with no access nothing, in the place of a slot's window; false if the system does not.
    ///
    /// # Safety
    /// They must be the addresses of a slot, and its window must be nobody's, or of one who bears that its bytes change.
    unsafe fn cover(begin: usize, access: ProtFlags) -> bool {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
        // SAFETY: as the caller promises; what was there is replaced in one step, without a hole.
        unsafe { mmap_anonymous(pointer(begin), SLOT, access, flags) }.is_ok()
    }

    fn faults() -> i64 {
        // SAFETY: numbers, of which all bits zero is one.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: it writes to no more than what it is given.
        unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) };
        usage.ru_minflt + usage.ru_majflt
    }

    /// Who handled SIGBUS before.
    static BEFORE: OnceLock<sigaction> = OnceLock::new();

    /// Whether the handler is installed, which it is at the first call if that can be done.
    fn is_handled() -> bool {
        static DONE: OnceLock<bool> = OnceLock::new();
        *DONE.get_or_init(|| {
            // SAFETY: numbers and addresses, of which all bits zero is one.
            let (mut before, mut action): (sigaction, sigaction) = unsafe { std::mem::zeroed() };
            // SAFETY: a look at what is there.
            if unsafe { sigaction_of(libc::SIGBUS, None, Some(&mut before)) } != 0 {
                return false;
            }
            // Known before anything can be passed on to it.
            BEFORE.get_or_init(|| before);
            action.sa_sigaction = on_bus as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            // SAFETY: the handler does only what a handler may: atomics, and calls of the kernel.
            unsafe { sigaction_of(libc::SIGBUS, Some(&action), None) == 0 }
        })
    }

    /// # Safety
    /// As of `sigaction`: the handler must do only what a handler may.
    unsafe fn sigaction_of(signal: c_int, new: Option<&sigaction>, old: Option<&mut sigaction>) -> c_int {
        let new = new.map_or(std::ptr::null(), std::ptr::from_ref);
        let old = old.map_or(null_mut(), std::ptr::from_mut);
        // SAFETY: either is null or valid.
        unsafe { libc::sigaction(signal, new, old) }
    }

    extern "C" fn on_bus(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: the kernel gives it to every handler that asks for it, and a SIGBUS has an address.
        let (code, at) = unsafe { ((*info).si_code, (*info).si_addr().addr()) };
        if code != libc::BUS_ADRERR || !rescue(at) {
            // Set before the handler was.
            let Some(before) = BEFORE.get() else { return };
            // SAFETY: what the kernel gave.
            unsafe { pass_on(before, signal, info, context) }
        }
    }

    /// Puts zeros there if it is an address of a slot.
    fn rescue(at: usize) -> bool {
        let holds = |slot: &&Slot| {
            let begin = slot.begin.load(Ordering::SeqCst);
            begin != 0 && (begin..begin + SLOT).contains(&at)
        };
        let Some(slot) = SLOTS.iter().find(holds) else { return false };
        slot.cut.store(true, Ordering::SeqCst);
        // SAFETY: only who looks through the window, on this thread, can have met the end of the file there.
        unsafe { cover(slot.begin.load(Ordering::SeqCst), ProtFlags::READ) }
    }

    /// Lets the one before handle the signal.
    ///
    /// # Safety
    /// They must be what the kernel gave to a handler of this signal.
    unsafe fn pass_on(before: &sigaction, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: as the caller promises.
        let is_sent = unsafe { (*info).si_code } <= 0;
        match before.sa_sigaction {
            libc::SIG_IGN if is_sent => {}
            libc::SIG_DFL | libc::SIG_IGN => {
                // SAFETY: numbers and addresses, of which all bits zero is one; it stands for the default.
                let default: sigaction = unsafe { std::mem::zeroed() };
                // SAFETY: it sets no handler. What had a cause comes again when this one returns, what was sent is sent again.
                unsafe {
                    sigaction_of(signal, Some(&default), None);
                    if is_sent {
                        libc::raise(signal);
                    }
                }
            }
            handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
                // SAFETY: with this flag it is a handler of this kind.
                let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                    unsafe { std::mem::transmute(handler) };
                handler(signal, info, context);
            }
            handler => {
                // SAFETY: without the flag it is a handler of this kind.
                let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(handler) };
                handler(signal);
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        static TOLD: AtomicUsize = AtomicUsize::new(0);

        extern "C" fn tell(signal: c_int, info: *mut siginfo_t, _: *mut c_void) {
            // SAFETY: the test gives one.
            let code = unsafe { (*info).si_code };
            TOLD.store(signal as usize * 100 + code as usize, Ordering::SeqCst);
        }

        extern "C" fn tell_less(signal: c_int) {
            TOLD.store(signal as usize, Ordering::SeqCst);
        }

        #[test]
        fn what_is_not_of_a_window_goes_to_who_handled_it_before() {
            assert!(!rescue(&raw const TOLD as usize), "no slot");
            // SAFETY: numbers and addresses, of which all bits zero is one.
            let (mut info, mut before): (siginfo_t, sigaction) = unsafe { std::mem::zeroed() };
            let pass = |before: &sigaction, info: &mut siginfo_t| {
                TOLD.store(0, Ordering::SeqCst);
                // SAFETY: the handlers above use no more of it than the code.
                unsafe { pass_on(before, libc::SIGBUS, info, null_mut()) };
                TOLD.load(Ordering::SeqCst)
            };
            info.si_code = libc::BUS_MCEERR_AR;
            (before.sa_sigaction, before.sa_flags) = (tell as *const () as usize, libc::SA_SIGINFO);
            assert_eq!(pass(&before, &mut info), 704);
            (before.sa_sigaction, before.sa_flags) = (tell_less as *const () as usize, 0);
            assert_eq!(pass(&before, &mut info), 7);
            // Sent by someone, and ignored.
            (before.sa_sigaction, info.si_code) = (libc::SIG_IGN, libc::SI_USER);
            assert_eq!(pass(&before, &mut info), 0);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::fs::File;

    /// Nothing is mapped here.
    pub enum Mapped {}

    impl Mapped {
        /// None.
        pub fn new(_: &File, _: u64, _: usize) -> Option<Self> {
            None
        }

        /// Its bytes.
        pub fn bytes(&self) -> &[u8] {
            match *self {}
        }

        /// See the twin.
        pub fn is_cut(&self) -> bool {
            match *self {}
        }

        /// See the twin.
        pub fn faults(&self) -> usize {
            match *self {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use proptest::prelude::*;

    use super::super::HUGE;
    use super::*;

    fn file(bytes: &[u8]) -> File {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(bytes, 0).unwrap();
        file
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_window_is_what_reading_gives(
            near in prop::sample::select(vec![4096usize, 8192, HUGE, 2 * HUGE]),
            off in 0usize..5, at in 0usize..6000, seed: u8,
        ) {
            let size = near + 2 - off;
            let bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8 ^ seed).collect();
            let file = file(&bytes);
            let at = at.min(size - 1);
            if let Some(mapped) = Mapped::new(&file, at as u64, size - at) {
                let mut read = vec![0; size - at];
                file.read_exact_at(&mut read, at as u64).unwrap();
                prop_assert!(mapped.bytes() == read);
                prop_assert!(!mapped.is_cut());
            } else {
                prop_assert!(cfg!(not(target_os = "linux")));
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_off_leaves_zeros_and_a_mark() {
        let file = file(&vec![b'x'; WINDOW]);
        let Some(mapped) = Mapped::new(&file, 10, WINDOW - 10) else { return };
        let Some(other) = Mapped::new(&file, 0, 4096) else { panic!("a second window beside it") };
        assert_eq!(mapped.bytes()[WINDOW - 11], b'x');
        file.set_len(4096).unwrap();
        assert_eq!(mapped.bytes()[WINDOW - 11], 0);
        assert!(mapped.is_cut());
        assert!(mapped.bytes().iter().all(|&byte| byte == 0), "the whole window");
        assert!(!other.is_cut() && other.bytes().iter().all(|&byte| byte == b'x'));
        drop(mapped);
        // The next window in its place is not marked.
        let Some(next) = Mapped::new(&file, 0, 4096) else { panic!("a window") };
        assert!(!next.is_cut() && next.bytes()[0] == b'x');
    }

    #[test]
    fn what_cannot_be_mapped_has_no_window() {
        assert!(Mapped::new(&file(b"x"), 0, 0).is_none());
        assert!(Mapped::new(&file(b"x"), 0, WINDOW + 3 * HUGE).is_none(), "more than a slot holds");
        assert!(Mapped::new(&file(b"x"), u64::MAX, 1).is_none());
        assert!(Mapped::new(&File::open("/proc/self/status").unwrap(), 0, 10).is_none());
        // Nor does that take a slot away.
        let slots: Vec<Mapped> = (0..40).filter_map(|_| Mapped::new(&file(b"x"), 0, 1)).collect();
        assert!(slots.len() == 40 || cfg!(not(target_os = "linux")));
    }
}
