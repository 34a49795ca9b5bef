//! The host as its packaging starts it: with the system calls that systemd's unit and Docker both leave, without rights
//! of root's, and where no namespace can be made.
//!
//! Neither systemd nor a container is needed for it, so their mounts and users are missing here: packaging/README.md
//! says what was tried with both.

use std::collections::BTreeMap;
use std::io;

use libc::c_long;
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};
use tokio::process::Command;

use super::refusal;
use crate::host::support::{Operator, TestHost};
use crate::host::versions::{named, packed};

const UNIT: &str = include_str!("../../../../packaging/systemd/roost.service");
const COMPOSE: &str = include_str!("../../../../packaging/container/compose.yaml");

const ANA: &str = "16505551234";

macro_rules! calls {
    ($($call:ident)*) => { &[$(libc::$call),*] };
}

/// What is both in `@system-service` of systemd 252 and in Docker's filter for a container without capabilities, as of
/// 2026. `clone` and `socket` have rules of their own.
const LEFT_BY_BOTH: &[c_long] = calls! {
    SYS_accept SYS_accept4 SYS_access SYS_alarm SYS_arch_prctl SYS_bind SYS_brk SYS_capget SYS_capset SYS_chdir
    SYS_chmod SYS_chown SYS_clock_getres SYS_clock_gettime SYS_clock_nanosleep SYS_close SYS_close_range
    SYS_connect SYS_copy_file_range SYS_creat SYS_dup SYS_dup2 SYS_dup3 SYS_epoll_create SYS_epoll_create1
    SYS_epoll_ctl SYS_epoll_ctl_old SYS_epoll_pwait SYS_epoll_pwait2 SYS_epoll_wait SYS_epoll_wait_old
    SYS_eventfd SYS_eventfd2 SYS_execve SYS_execveat SYS_exit SYS_exit_group SYS_faccessat SYS_faccessat2
    SYS_fadvise64 SYS_fallocate SYS_fchdir SYS_fchmod SYS_fchmodat SYS_fchmodat2 SYS_fchown SYS_fchownat
    SYS_fcntl SYS_fdatasync SYS_fgetxattr SYS_flistxattr SYS_flock SYS_fork SYS_fremovexattr SYS_fsetxattr
    SYS_fstat SYS_fstatfs SYS_fsync SYS_ftruncate SYS_futex SYS_futex_waitv SYS_futimesat SYS_get_robust_list
    SYS_get_thread_area SYS_getcpu SYS_getcwd SYS_getdents SYS_getdents64 SYS_getegid SYS_geteuid SYS_getgid
    SYS_getgroups SYS_getitimer SYS_getpeername SYS_getpgid SYS_getpgrp SYS_getpid SYS_getppid SYS_getpriority
    SYS_getrandom SYS_getresgid SYS_getresuid SYS_getrlimit SYS_getrusage SYS_getsid SYS_getsockname
    SYS_getsockopt SYS_gettid SYS_gettimeofday SYS_getuid SYS_getxattr SYS_inotify_add_watch SYS_inotify_init
    SYS_inotify_init1 SYS_inotify_rm_watch SYS_io_cancel SYS_io_destroy SYS_io_getevents SYS_io_setup
    SYS_io_submit SYS_ioctl SYS_ioprio_get SYS_ioprio_set SYS_kill SYS_lchown SYS_lgetxattr SYS_link SYS_linkat
    SYS_listen SYS_listxattr SYS_llistxattr SYS_lremovexattr SYS_lseek SYS_lsetxattr SYS_lstat SYS_madvise
    SYS_membarrier SYS_memfd_create SYS_mkdir SYS_mkdirat SYS_mknod SYS_mknodat SYS_mlock SYS_mlock2
    SYS_mlockall SYS_mmap SYS_mprotect SYS_mq_getsetattr SYS_mq_notify SYS_mq_open SYS_mq_timedreceive
    SYS_mq_timedsend SYS_mq_unlink SYS_mremap SYS_msgctl SYS_msgget SYS_msgrcv SYS_msgsnd SYS_msync SYS_munlock
    SYS_munlockall SYS_munmap SYS_name_to_handle_at SYS_nanosleep SYS_newfstatat SYS_open SYS_openat SYS_openat2
    SYS_pause SYS_pidfd_open SYS_pidfd_send_signal SYS_pipe SYS_pipe2 SYS_poll SYS_ppoll SYS_prctl SYS_pread64
    SYS_preadv SYS_preadv2 SYS_prlimit64 SYS_pselect6 SYS_pwrite64 SYS_pwritev SYS_pwritev2 SYS_read
    SYS_readahead SYS_readlink SYS_readlinkat SYS_readv SYS_recvfrom SYS_recvmmsg SYS_recvmsg
    SYS_remap_file_pages SYS_removexattr SYS_rename SYS_renameat SYS_renameat2 SYS_restart_syscall SYS_rmdir
    SYS_rseq SYS_rt_sigaction SYS_rt_sigpending SYS_rt_sigprocmask SYS_rt_sigqueueinfo SYS_rt_sigreturn
    SYS_rt_sigsuspend SYS_rt_sigtimedwait SYS_rt_tgsigqueueinfo SYS_sched_get_priority_max
    SYS_sched_get_priority_min SYS_sched_getaffinity SYS_sched_getattr SYS_sched_getparam SYS_sched_getscheduler
    SYS_sched_rr_get_interval SYS_sched_setaffinity SYS_sched_setattr SYS_sched_setparam SYS_sched_setscheduler
    SYS_sched_yield SYS_select SYS_semctl SYS_semget SYS_semop SYS_semtimedop SYS_sendfile SYS_sendmmsg
    SYS_sendmsg SYS_sendto SYS_set_robust_list SYS_set_thread_area SYS_set_tid_address SYS_setfsgid SYS_setfsuid
    SYS_setgid SYS_setgroups SYS_setitimer SYS_setpgid SYS_setpriority SYS_setregid SYS_setresgid SYS_setresuid
    SYS_setreuid SYS_setrlimit SYS_setsid SYS_setsockopt SYS_setuid SYS_setxattr SYS_shmat SYS_shmctl SYS_shmdt
    SYS_shmget SYS_shutdown SYS_sigaltstack SYS_signalfd SYS_signalfd4 SYS_socketpair SYS_splice SYS_stat
    SYS_statfs SYS_statx SYS_symlink SYS_symlinkat SYS_sync SYS_sync_file_range SYS_syncfs SYS_sysinfo SYS_tee
    SYS_tgkill SYS_time SYS_timer_create SYS_timer_delete SYS_timer_getoverrun SYS_timer_gettime
    SYS_timer_settime SYS_timerfd_create SYS_timerfd_gettime SYS_timerfd_settime SYS_times SYS_tkill
    SYS_truncate SYS_umask SYS_uname SYS_unlink SYS_unlinkat SYS_utime SYS_utimensat SYS_utimes SYS_vfork
    SYS_vmsplice SYS_wait4 SYS_waitid SYS_write SYS_writev
};

/// Every kind of namespace.
const NAMESPACES: u64 = 0x7e02_0000;

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// What the unit says of it.
fn directive(name: &str) -> &'static str {
    let mut values = UNIT
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    values
        .next()
        .unwrap_or_else(|| panic!("the unit does not say `{name}`"))
}

/// What the unit allows beside `@system-service`.
fn calls_of_the_unit() -> Vec<c_long> {
    let words = directive("SystemCallFilter").strip_prefix("@system-service ");
    let words = words
        .expect("the filter begins with @system-service")
        .split(' ');
    let number = |word| match word {
        "landlock_create_ruleset" => libc::SYS_landlock_create_ruleset,
        "landlock_add_rule" => libc::SYS_landlock_add_rule,
        "landlock_restrict_self" => libc::SYS_landlock_restrict_self,
        "seccomp" => libc::SYS_seccomp,
        other => panic!("`{other}` of SystemCallFilter is not known here"),
    };
    words.map(number).collect()
}

fn families_of_the_unit() -> Vec<u64> {
    let number = |word| match word {
        "AF_UNIX" => 1,
        "AF_INET" => 2,
        "AF_INET6" => 10,
        other => panic!("`{other}` of RestrictAddressFamilies is not known here"),
    };
    let words = directive("RestrictAddressFamilies").split(' ');
    words.map(number).collect()
}

fn first_argument(operator: SeccompCmpOp, value: u64) -> SeccompRule {
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, operator, value);
    SeccompRule::new(vec![condition.unwrap()]).unwrap()
}

fn filter(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> BpfProgram {
    let filter = SeccompFilter::new(rules, otherwise, matched, TargetArch::x86_64);
    filter.unwrap().try_into().unwrap()
}

/// In the order in which they are to be applied.
fn filters() -> [BpfProgram; 2] {
    let errno = |number: i32| SeccompAction::Errno(number.unsigned_abs());
    // Its flags cannot be looked at, so both say that there is no such call: then `clone` is made instead.
    let unseen = Rules::from([(libc::SYS_clone3, Vec::new())]);
    let families = families_of_the_unit();
    let family = |family: &u64| first_argument(SeccompCmpOp::Eq, *family);
    let left = LEFT_BY_BOTH.iter().copied().chain(calls_of_the_unit());
    let mut left: Rules = left.map(|call| (call, Vec::new())).collect();
    left.insert(libc::SYS_socket, families.iter().map(family).collect());
    let no_namespace = first_argument(SeccompCmpOp::MaskedEq(NAMESPACES), 0);
    left.insert(libc::SYS_clone, vec![no_namespace]);
    left.insert(libc::SYS_clone3, Vec::new());
    [
        filter(unseen, SeccompAction::Allow, errno(libc::ENOSYS)),
        filter(left, errno(libc::EPERM), SeccompAction::Allow),
    ]
}

/// Has the host start with nothing but what is left to it.
fn hold(command: &mut Command) {
    let filters = filters();
    let begin = move || -> io::Result<()> {
        // Postgres' socket is in a folder of another user when these tests are root's.
        let keeps = capabilities(None)?.permitted & CapabilitySet::DAC_OVERRIDE;
        let sets = CapabilitySets {
            effective: keeps,
            permitted: keeps,
            inheritable: CapabilitySet::empty(),
        };
        set_capabilities(None, sets)?;
        for filter in &filters {
            // It takes away new privileges first.
            apply_filter(filter).map_err(|_| io::Error::from(io::ErrorKind::PermissionDenied))?;
        }
        Ok(())
    };
    #[expect(
        unsafe_code,
        reason = "between fork and exec only calls that are safe after fork may be made: these are \
                  plain system calls, and nothing is allocated"
    )]
    // SAFETY: as the reason says.
    unsafe {
        command.pre_exec(begin);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_are_built_with_what_unit_and_container_leave_a_host() {
    let mut host = TestHost::start().await;
    host.project("evil").await;
    let shop = host.project("shop").await;
    host.stops().await;
    let log = tempfile::NamedTempFile::new().unwrap();
    let process = host.starts_as_process_prepared(log.path(), hold).await;
    let operator = Operator::of(&process);
    let app =
        |source: &str| packed(&[("package.json", r#"{"main":"app.js"}"#), ("app.js", source)]);
    let git = r#"{"main":"app.js","dependencies":{"dep":"git+file:///etc"}}"#;
    for (upload, says) in [
        (
            packed(&[("package.json", git), ("app.js", "require('dep')")]),
            "take a version of the registry",
        ),
        (app("require('/etc/passwd')"), "/etc/passwd"),
        (app(&"(".repeat(400_000)), "more memory or processor time"),
        (
            app("const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1))"),
            "memory",
        ),
    ] {
        let error = refusal(&operator, "evil", upload).await.unwrap_or_default();
        assert!(
            error.contains(says) && !error.contains("root:x:0"),
            "no `{says}` in: {error}"
        );
    }
    let upload = packed(&[("app.js", &named("as ever"))]);
    assert_eq!(refusal(&operator, "shop", upload).await, None);
    let mut ana = shop.customer(ANA).await;
    ana.says("hello").await;
    assert_eq!(ana.hears().await, "as ever: hello");
    process.is_told_to_stop();
    process.stopped().await;
    let log = std::fs::read_to_string(log.path()).unwrap();
    assert!(
        log.contains("confined by landlock, seccomp and limits")
            && !log.contains("network of their own"),
        "the floor alone is there: {log}"
    );
}

#[test]
fn unit_and_compose_file_say_what_was_tried() {
    for (name, value) in [
        ("NoNewPrivileges", "yes"),
        ("RestrictNamespaces", "yes"),
        ("CapabilityBoundingSet", ""),
        ("SystemCallErrorNumber", "EPERM"),
        // Otherwise the host is told to stop twice, by systemd and by npm's launcher: then it stops at once.
        ("KillMode", "mixed"),
        // Otherwise a build that takes too much memory stops the host.
        ("OOMPolicy", "continue"),
    ] {
        assert_eq!(directive(name), value, "{name}");
    }
    for line in [
        "read_only: true",
        "cap_drop: [ALL]",
        "init: true",
        r#"security_opt: ["no-new-privileges:true"]"#,
    ] {
        assert!(COMPOSE.lines().any(|said| said.trim() == line), "{line}");
    }
}
