//! A library to preload: the wall clock is off by what the file `SKEW_FILE` says, as seconds in
//! eight bytes. Compiled by `skew.rs`, and no part of any other program.

use std::ffi::{c_char, c_int, c_long, c_void};

const REALTIME: c_int = 0;
const REALTIME_COARSE: c_int = 5;
/// The number of the system call `clock_gettime`.
#[cfg(target_arch = "x86_64")]
const CLOCK_GETTIME: c_long = 228;
#[cfg(target_arch = "aarch64")]
const CLOCK_GETTIME: c_long = 113;

#[repr(C)]
pub struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

#[repr(C)]
pub struct Timeval {
    seconds: i64,
    microseconds: i64,
}

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn getenv(name: *const c_char) -> *const c_char;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn read(file: c_int, into: *mut c_void, bytes: usize) -> isize;
    fn close(file: c_int) -> c_int;
}

/// # Safety
///
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    // SAFETY: the caller's promises are passed on.
    unsafe {
        let failed = syscall(CLOCK_GETTIME, c_long::from(clock), time);
        if failed == 0 && (clock == REALTIME || clock == REALTIME_COARSE) {
            (*time).seconds += skew();
        }
        if failed == 0 { 0 } else { -1 }
    }
}

/// # Safety
///
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(time: *mut Timeval, _zone: *mut c_void) -> c_int {
    let mut now = Timespec {
        seconds: 0,
        nanoseconds: 0,
    };
    // SAFETY: `now` is a time, and so is `time` unless it is null.
    unsafe {
        let failed = clock_gettime(REALTIME, &raw mut now);
        if failed == 0 && !time.is_null() {
            (*time).seconds = now.seconds;
            (*time).microseconds = now.nanoseconds / 1000;
        }
        failed
    }
}

/// # Safety
///
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(to: *mut i64) -> i64 {
    let mut now = Timespec {
        seconds: 0,
        nanoseconds: 0,
    };
    // SAFETY: `now` is a time, and `to` a number unless it is null.
    unsafe {
        clock_gettime(REALTIME, &raw mut now);
        if !to.is_null() {
            *to = now.seconds;
        }
    }
    now.seconds
}

/// Read each time: the test may have changed it.
unsafe fn skew() -> i64 {
    // SAFETY: the strings end with 0, and `seconds` has the eight bytes.
    unsafe {
        let path = getenv(c"SKEW_FILE".as_ptr());
        if path.is_null() {
            return 0;
        }
        let file = open(path, 0);
        if file < 0 {
            return 0;
        }
        let mut seconds = [0_u8; 8];
        let bytes = read(file, seconds.as_mut_ptr().cast(), seconds.len());
        close(file);
        if bytes == 8 { i64::from_le_bytes(seconds) } else { 0 }
    }
}
