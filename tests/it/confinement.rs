//! What a confined process can ask of the kernel, call by call: in a process of its own, with the floor alone.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Barrier};

use libc::{c_long, syscall};
use roost::confinement::{Rules, confine};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::skip::skip;

/// Says to the test below what it is: its folder, and whether it confines itself.
const FOLDER: &str = "CONFINED_FOLDER";
const FREE: &str = "CONFINED_NOT";

/// A call with up to six arguments.
type Call = (&'static str, c_long, [c_long; 6]);

const CLONE_NEWUSER: c_long = libc::CLONE_NEWUSER as c_long;
const STREAM: c_long = libc::SOCK_STREAM as c_long;

/// What no build may do. `parent` is the process that started it, of the same user.
fn calls(parent: c_long, buffer: c_long, path: c_long) -> Vec<Call> {
    let none = [0; 6];
    let of = |first: c_long, second: c_long, third: c_long| [first, second, third, 0, 0, 0];
    vec![
        (
            "socket of the network",
            libc::SYS_socket,
            of(libc::AF_INET.into(), STREAM, 0),
        ),
        (
            "socket of version 6",
            libc::SYS_socket,
            of(libc::AF_INET6.into(), STREAM, 0),
        ),
        (
            "socket of this machine",
            libc::SYS_socket,
            of(libc::AF_UNIX.into(), STREAM, 0),
        ),
        (
            "socket of the kernel",
            libc::SYS_socket,
            of(libc::AF_NETLINK.into(), 3, 0),
        ),
        (
            "socket of packets",
            libc::SYS_socket,
            of(libc::AF_PACKET.into(), 3, 0),
        ),
        ("connect", libc::SYS_connect, of(0, buffer, 16)),
        ("bind", libc::SYS_bind, of(0, buffer, 16)),
        ("listen", libc::SYS_listen, of(0, 1, 0)),
        ("accept", libc::SYS_accept4, none),
        ("io_uring", libc::SYS_io_uring_setup, of(8, buffer, 0)),
        (
            "ptrace",
            libc::SYS_ptrace,
            of(libc::PTRACE_SEIZE.into(), parent, 0),
        ),
        (
            "memory of another",
            libc::SYS_process_vm_readv,
            of(parent, buffer, 1),
        ),
        (
            "memory of another, written",
            libc::SYS_process_vm_writev,
            of(parent, buffer, 1),
        ),
        ("handle of another", libc::SYS_pidfd_open, of(parent, 0, 0)),
        ("files of another", libc::SYS_pidfd_getfd, none),
        (
            "compares with another",
            libc::SYS_kcmp,
            of(parent, parent, 0),
        ),
        ("signal to another", libc::SYS_kill, of(parent, 0, 0)),
        ("signal to all", libc::SYS_kill, of(-1, 0, 0)),
        ("signal to a group", libc::SYS_kill, of(-parent, 0, 0)),
        (
            "signal to a thread",
            libc::SYS_tgkill,
            of(parent, parent, 0),
        ),
        (
            "signal to a thread, of old",
            libc::SYS_tkill,
            of(parent, 0, 0),
        ),
        (
            "signal with a value",
            libc::SYS_rt_sigqueueinfo,
            of(parent, 0, buffer),
        ),
        (
            "signal by a file's owner",
            libc::SYS_fcntl,
            of(0, libc::F_SETOWN.into(), parent),
        ),
        ("signal of a file's choice", libc::SYS_fcntl, of(0, 10, 9)),
        (
            "limits of another",
            libc::SYS_prlimit64,
            [parent, 7, 0, buffer, 0, 0],
        ),
        (
            "processors of another",
            libc::SYS_sched_setaffinity,
            of(parent, 8, buffer),
        ),
        (
            "priority of another",
            libc::SYS_setpriority,
            of(0, parent, 0),
        ),
        (
            "policy of another",
            libc::SYS_sched_setscheduler,
            of(parent, 0, buffer),
        ),
        ("session of its own", libc::SYS_setsid, none),
        ("group of its own", libc::SYS_setpgid, none),
        ("user namespace", libc::SYS_unshare, of(CLONE_NEWUSER, 0, 0)),
        (
            "process of a namespace",
            libc::SYS_clone,
            of(CLONE_NEWUSER, 0, 0),
        ),
        (
            "process by a structure",
            libc::SYS_clone3,
            of(buffer, 88, 0),
        ),
        ("namespace of another", libc::SYS_setns, none),
        ("mount", libc::SYS_mount, of(path, path, path)),
        ("unmount", libc::SYS_umount2, of(path, 0, 0)),
        ("mount of the new kind", libc::SYS_fsopen, of(path, 0, 0)),
        ("root of its own", libc::SYS_chroot, of(path, 0, 0)),
        ("another root", libc::SYS_pivot_root, of(path, path, 0)),
        (
            "device",
            libc::SYS_mknodat,
            [libc::AT_FDCWD.into(), path, 0o020_600, 0x0103, 0, 0],
        ),
        ("file by a handle", libc::SYS_open_by_handle_at, none),
        ("attributes", libc::SYS_setxattr, of(path, path, buffer)),
        ("cuts off by name", libc::SYS_truncate, of(path, 0, 0)),
        ("watches files", libc::SYS_inotify_init1, none),
        ("watches all files", libc::SYS_fanotify_init, none),
        ("keys", libc::SYS_keyctl, of(0, -3, 1)),
        ("key of its own", libc::SYS_add_key, none),
        ("bpf", libc::SYS_bpf, of(0, buffer, 64)),
        ("page faults", libc::SYS_userfaultfd, of(1, 0, 0)),
        ("counters", libc::SYS_perf_event_open, of(buffer, 0, -1)),
        ("the kernel's log", libc::SYS_syslog, of(10, 0, 0)),
        ("another kernel", libc::SYS_kexec_load, none),
        ("module", libc::SYS_init_module, none),
        ("restart", libc::SYS_reboot, none),
        ("clock", libc::SYS_clock_settime, of(0, buffer, 0)),
        ("name of the machine", libc::SYS_sethostname, of(path, 1, 0)),
        ("swap", libc::SYS_swapon, of(path, 0, 0)),
        ("accounting", libc::SYS_acct, none),
        ("quotas", libc::SYS_quotactl, none),
        ("shared memory", libc::SYS_shmget, of(0, 4096, 0o1600)),
        ("semaphores", libc::SYS_semget, of(0, 1, 0o1600)),
        ("messages", libc::SYS_msgget, of(0, 0o1600, 0)),
        ("memory in a file", libc::SYS_memfd_create, of(path, 0, 0)),
        (
            "memory that others share",
            libc::SYS_mmap,
            [0, 4096, 3, 0x21, -1, 0],
        ),
        ("locked memory", libc::SYS_mlock, of(buffer, 4096, 0)),
        ("another user", libc::SYS_setresuid, of(12345, 12345, 12345)),
        ("another group", libc::SYS_setgroups, of(0, buffer, 0)),
        ("rights", libc::SYS_capset, of(buffer, buffer, 0)),
        (
            "that it may be looked into",
            libc::SYS_prctl,
            of(libc::PR_SET_PTRACER.into(), -1, 0),
        ),
        (
            "typing into a terminal",
            libc::SYS_ioctl,
            of(0, libc::TIOCSTI as c_long, buffer),
        ),
        (
            "another personality",
            libc::SYS_personality,
            of(0x0004_0000, 0, 0),
        ),
        ("a program of a file's", libc::SYS_execveat, none),
        ("pages of another", libc::SYS_move_pages, of(parent, 0, 0)),
        ("advice on another", libc::SYS_process_madvise, none),
        ("a call that nobody knows", 1_023, none),
    ]
}

/// What a free process may try without harm to this machine.
const HARMLESS: [&str; 11] = [
    "socket of the network",
    "socket of version 6",
    "socket of this machine",
    "handle of another",
    "signal to another",
    "signal to a thread",
    "signal to a thread, of old",
    "limits of another",
    "watches files",
    "memory in a file",
    "memory that others share",
];

/// Started by the tests below: makes the calls and prints how each ended.
#[test]
#[ignore = "it is a process that the others start"]
fn inner() {
    let folder = std::env::var(FOLDER).unwrap();
    let is_free = std::env::var_os(FREE).is_some();
    if !is_free {
        let rules = Rules {
            folder: Some(folder.clone().into()),
            ..Rules::default()
        };
        confine(&rules).unwrap();
    }
    let (mut buffer, path) = ([0_u64; 512], c"/".as_ptr() as c_long);
    let parent = c_long::from(rustix::process::getppid().unwrap().as_raw_nonzero().get());
    for (name, number, [a, b, c, d, e, f]) in calls(parent, buffer.as_mut_ptr() as c_long, path) {
        if is_free && !HARMLESS.contains(&name) {
            continue;
        }
        #[expect(
            unsafe_code,
            reason = "what is asked for has to reach the kernel as it is"
        )]
        // SAFETY: whatever is written goes to the buffer, and a process that is made ends at once.
        let ended = unsafe {
            let ended = syscall(number, a, b, c, d, e, f);
            if ended == 0 && number == libc::SYS_clone {
                libc::_exit(0);
            }
            ended
        };
        let error = std::io::Error::last_os_error()
            .raw_os_error()
            .unwrap_or_default();
        println!("\nCALL {name}={}", if ended < 0 { error } else { 0 });
    }
    let folder = Path::new(&folder);
    let tried = [
        (
            "writes in its folder",
            std::fs::write(folder.join("x"), "x"),
        ),
        (
            "writes beside it",
            std::fs::write(folder.join("../beside"), "x"),
        ),
        (
            "reads beside it",
            std::fs::read(folder.join("../secret")).map(drop),
        ),
        (
            "lists what is beside it",
            std::fs::read_dir(folder.join("..")).map(drop),
        ),
        ("reads users", std::fs::read("/etc/passwd").map(drop)),
        (
            "reads its own process",
            std::fs::read("/proc/self/environ").map(drop),
        ),
        (
            "starts a program",
            Command::new("/bin/true").output().map(drop),
        ),
        (
            "changes rights beside it",
            std::fs::set_permissions(
                folder.join("../secret"),
                std::fs::Permissions::from_mode(0o666),
            ),
        ),
    ];
    for (name, ended) in tried {
        let error = ended.err().and_then(|error| error.raw_os_error());
        println!("\nCALL {name}={}", error.unwrap_or_default());
    }
}

/// How each call ended in a process that is confined, or free.
fn ends(outer: &Path, is_free: bool) -> BTreeMap<String, i32> {
    std::fs::create_dir_all(outer.join("folder")).unwrap();
    std::fs::write(outer.join("secret"), "of the host").unwrap();
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(outer.join("secret"), mode).unwrap();
    let mut process = Command::new(std::env::current_exe().unwrap());
    process
        .args(["--exact", "confinement::inner", "--ignored", "--nocapture"])
        .env(FOLDER, outer.join("folder"));
    if is_free {
        process.env(FREE, "1");
    }
    let output = process.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let calls = text.lines().filter_map(|line| line.strip_prefix("CALL "));
    let ends: BTreeMap<String, i32> = calls
        .filter_map(|line| line.split_once('='))
        .map(|(name, error)| (name.to_owned(), error.parse().unwrap()))
        .collect();
    assert!(
        ends.contains_key("changes rights beside it"),
        "{text}\n{errors}"
    );
    ends
}

#[test]
fn a_confined_process_asks_the_kernel_for_nothing_outside_of_it() {
    let outer = tempfile::tempdir().unwrap();
    let ends = ends(outer.path(), false);
    let mut passed: Vec<_> = ends.iter().filter(|(_, error)| **error == 0).collect();
    passed.retain(|(name, _)| {
        // Rights are changed in appearance only.
        !["writes in its folder", "changes rights beside it"].contains(&name.as_str())
    });
    assert_eq!(passed, Vec::<(&String, &i32)>::new());
    assert_eq!(ends["writes in its folder"], 0);
    for (name, error) in &ends {
        let is_refused = [0, libc::ENOSYS, libc::EPERM, libc::EACCES].contains(error);
        assert!(
            is_refused,
            "{name}: the kernel looked at it, and said {error}"
        );
    }
    let mode = std::fs::metadata(outer.path().join("secret"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!outer.path().join("beside").exists());
}

#[test]
fn the_same_calls_of_a_free_process_reach_the_kernel() {
    let outer = tempfile::tempdir().unwrap();
    let ends = ends(outer.path(), true);
    for name in HARMLESS {
        assert_eq!(ends[name], 0, "{name}");
    }
    for name in [
        "writes beside it",
        "reads beside it",
        "reads users",
        "starts a program",
    ] {
        assert_eq!(ends[name], 0, "{name}");
    }
}

/// What the user has already in the test below, and may begin beyond that.
const THREADS: usize = 700;
const MORE_THREADS: usize = 400;
/// Set before the process is confined, and lower than what builds have.
const FEW_FILES: u64 = 100;

/// Started by the test below: has many threads and a low limit, confines itself, has more
/// threads, and says how early the kernel ends it when memory runs out.
#[test]
#[ignore = "it is a process that another starts"]
fn inner_with_threads() {
    let start = |count: usize| {
        let all = Arc::new(Barrier::new(count + 1));
        for _ in 0..count {
            let all = all.clone();
            let thread = std::thread::Builder::new().stack_size(64 << 10);
            let started = thread.spawn(move || {
                all.wait();
                all.wait();
            });
            started.unwrap();
        }
        all.wait();
        all
    };
    let before = start(THREADS);
    let few = Some(FEW_FILES);
    let limit = Rlimit {
        current: few,
        maximum: few,
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut order = std::fs::File::open("/proc/self/oom_score_adj").unwrap();
    confine(&Rules::default()).unwrap();
    let after = start(MORE_THREADS);
    assert_eq!(getrlimit(Resource::Nofile).maximum, few);
    let mut first = String::new();
    order.read_to_string(&mut first).unwrap();
    println!("\nCONFINED {}", first.trim());
    before.wait();
    after.wait();
}

#[test]
fn a_confined_process_has_its_threads_whatever_its_user_has_and_keeps_lower_limits() {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args([
        "--exact",
        "confinement::inner_with_threads",
        "--ignored",
        "--nocapture",
    ]);
    if rustix::process::geteuid().is_root() {
        // The kernel does not count root's.
        process.uid(54_321).current_dir("/");
    }
    let output = match process.output() {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let test =
                "a_confined_process_has_its_threads_whatever_its_user_has_and_keeps_lower_limits";
            return skip(test, "another user cannot start the program of these tests");
        }
        output => output.unwrap(),
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.lines().find_map(|line| line.strip_prefix("CONFINED "));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, Some("1000"), "{text}\n{errors}");
}
