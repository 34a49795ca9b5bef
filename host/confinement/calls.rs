//! Seccomp: which system calls a process can make.
//!
//! What is not listed does not exist, so that programs fall back as on an older kernel. No socket is made, no
//! process but its own is touched, and nobody leaves the group of processes.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::Missing;

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// What may be called with whatever it is given.
const FREE: &[c_long] = &[
    // Files: landlock says which.
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_chdir,
    libc::SYS_fchdir,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_flock,
    libc::SYS_umask,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    // Sockets that were there before.
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_msync,
    libc::SYS_membarrier,
    libc::SYS_pkey_alloc,
    libc::SYS_pkey_free,
    libc::SYS_pkey_mprotect,
    // Threads, and processes of its own.
    libc::SYS_execve,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_get_priority_max,
    libc::SYS_sched_get_priority_min,
    libc::SYS_getpriority,
    libc::SYS_seccomp,
    libc::SYS_restart_syscall,
    // Signals to itself.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_signalfd4,
    // Waiting, and clocks.
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_gettime,
    libc::SYS_timerfd_settime,
    libc::SYS_timer_create,
    libc::SYS_timer_delete,
    libc::SYS_timer_settime,
    libc::SYS_getitimer,
    libc::SYS_setitimer,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    // What it is.
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getpgid,
    libc::SYS_getsid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getgroups,
    libc::SYS_capget,
    libc::SYS_getcpu,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_getrandom,
];

/// What the older machines' programs call besides.
#[cfg(target_arch = "x86_64")]
const FREE_OF_OLD: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_creat,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_getdents,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_arch_prctl,
    libc::SYS_alarm,
    libc::SYS_time,
    libc::SYS_getpgrp,
    libc::SYS_getrlimit,
];
#[cfg(not(target_arch = "x86_64"))]
const FREE_OF_OLD: &[c_long] = &[libc::SYS_renameat];

/// What changes files by their names, whatever landlock says: it is done in appearance only. npm asks for it.
const FEIGNED: &[c_long] = &[
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
];
#[cfg(target_arch = "x86_64")]
const FEIGNED_OF_OLD: &[c_long] = &[
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const FEIGNED_OF_OLD: &[c_long] = &[];

/// What may be asked of an open file: that its owner gets signals is not among it.
const FILE_COMMANDS: [i32; 13] = [
    libc::F_DUPFD,
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_GETLK,
    libc::F_SETLK,
    libc::F_SETLKW,
    libc::F_OFD_GETLK,
    libc::F_OFD_SETLK,
    libc::F_OFD_SETLKW,
    libc::F_GETPIPE_SZ,
];
const DEVICE_COMMANDS: [u64; 6] = [
    libc::FIONBIO,
    libc::FIONREAD,
    libc::FIOCLEX,
    libc::FIONCLEX,
    libc::TCGETS,
    libc::TIOCGWINSZ,
];
/// What may be asked of one's own process; the number of `PR_SET_VMA` is not in the library.
const PROCESS_COMMANDS: [i32; 6] = [
    libc::PR_SET_NAME,
    libc::PR_GET_NAME,
    libc::PR_GET_DUMPABLE,
    libc::PR_SET_NO_NEW_PRIVS,
    libc::PR_CAPBSET_READ,
    0x5356_4d41,
];

/// Makes a process of a namespace of its own, or a brother of the one that calls.
const NEVER_CLONED: i32 = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_PARENT
    | libc::CLONE_PTRACE;

/// Leaves this process, and what it starts, the calls that are listed.
pub(super) fn restrict() -> Result<(), Missing> {
    apply_filter(&allowed()?)?;
    apply_filter(&feigned()?)?;
    Ok(())
}

fn allowed() -> Result<BpfProgram, Missing> {
    let feigned = [FEIGNED, FEIGNED_OF_OLD].concat();
    let free = [FREE, FREE_OF_OLD, &feigned].concat();
    let mut rules: Rules = free.into_iter().map(|call| (call, Vec::new())).collect();
    let one_of = |argument, values: &[u64]| {
        let equal = |value: &u64| when(&[(argument, SeccompCmpOp::Eq, *value)]);
        values.iter().map(equal).collect::<Result<Vec<_>, _>>()
    };
    let numbers = |numbers: &[i32]| numbers.iter().map(|n| low(*n)).collect::<Vec<_>>();
    rules.insert(libc::SYS_fcntl, one_of(1, &numbers(&FILE_COMMANDS))?);
    rules.insert(libc::SYS_ioctl, one_of(1, &DEVICE_COMMANDS)?);
    rules.insert(libc::SYS_prctl, one_of(0, &numbers(&PROCESS_COMMANDS))?);
    // Between a process and what it starts: it leads nowhere else.
    rules.insert(libc::SYS_socketpair, one_of(0, &[low(libc::AF_UNIX)])?);
    // Its own group, which ends with it, and no other process.
    rules.insert(libc::SYS_kill, one_of(0, &[0])?);
    // Go wakes its threads so. Others do nothing when they get it.
    rules.insert(libc::SYS_tgkill, one_of(2, &[low(libc::SIGURG)])?);
    rules.insert(libc::SYS_prlimit64, one_of(0, &[0])?);
    let without = |argument, bits: i32| when(&[(argument, SeccompCmpOp::MaskedEq(low(bits)), 0)]);
    rules.insert(libc::SYS_clone, vec![without(0, NEVER_CLONED)?]);
    // Memory that others share is not counted.
    let private = vec![
        without(3, libc::MAP_ANONYMOUS)?,
        without(3, libc::MAP_SHARED)?,
    ];
    rules.insert(libc::SYS_mmap, private);
    filter(
        rules,
        SeccompAction::Errno(low_bits(libc::ENOSYS)),
        SeccompAction::Allow,
    )
}

fn feigned() -> Result<BpfProgram, Missing> {
    let calls = [FEIGNED, FEIGNED_OF_OLD].concat();
    let rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
    filter(rules, SeccompAction::Allow, SeccompAction::Errno(0))
}

/// On top of the others: no process but this one, and no other folder to work in.
pub(super) fn starts_nothing() -> Result<BpfProgram, Missing> {
    let is_thread = SeccompCmpOp::MaskedEq(low(libc::CLONE_THREAD));
    let mut rules = Rules::new();
    rules.insert(libc::SYS_clone, vec![when(&[(0, is_thread, 0)])?]);
    rules.insert(libc::SYS_socketpair, Vec::new());
    rules.insert(libc::SYS_chdir, Vec::new());
    rules.insert(libc::SYS_fchdir, Vec::new());
    #[cfg(target_arch = "x86_64")]
    {
        rules.insert(libc::SYS_fork, Vec::new());
        rules.insert(libc::SYS_vfork, Vec::new());
    }
    filter(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(low_bits(libc::EPERM)),
    )
}

fn filter(
    rules: Rules,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, Missing> {
    let machine = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, otherwise, matched, machine)?.try_into()?)
}

/// All of the conditions, on the lower half of each argument: what the kernel looks at.
fn when(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, Missing> {
    let conditions = conditions.iter().cloned();
    let conditions = conditions.map(|(argument, operator, value)| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
    });
    Ok(SeccompRule::new(conditions.collect::<Result<_, _>>()?)?)
}

fn low(number: i32) -> u64 {
    u64::from(low_bits(number))
}

fn low_bits(number: i32) -> u32 {
    u32::from_ne_bytes(number.to_ne_bytes())
}
