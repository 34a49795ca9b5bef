//! The npm tarball, as somebody would use it who has nothing else: the session in packaging/README.md.

mod long {
    use std::path::Path;

    use tokio::process::Command;

    use super::super::support::{Operator, TestHost};
    use crate::support::skip::skip;
    use crate::support::transcript::steps;

    const HEADING: &str = "### From an empty folder";

    /// `cargo xtask test --all` packs the tarball, and names it by this variable.
    const TARBALL: &str = "ROOST_TEST_PACKAGE";

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_session_in_an_empty_folder_goes_as_it_says() {
        let Some(tarball) = std::env::var_os(TARBALL) else {
            let test = "the_session_in_an_empty_folder_goes_as_it_says";
            return skip(test, &format!("{TARBALL} names no tarball"));
        };
        let host = TestHost::start().await;
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/README.md");
        let steps = steps(&std::fs::read_to_string(page).unwrap(), HEADING);
        let has = |word: &str| steps.iter().any(|step| step.command.contains(word));
        assert!(has("roost dev") && has("roost deploy"));
        let folder = tempfile::tempdir().unwrap();
        let tarball_here = folder.path().join("roost-0.1.0.tgz");
        std::os::unix::fs::symlink(tarball, tarball_here).unwrap();
        let mut inside = folder.path().to_owned();
        for step in steps {
            if let Some(name) = step.command.strip_prefix("cd ") {
                inside.push(name);
                continue;
            }
            if step.command.starts_with("export ") {
                continue;
            }
            let (done, printed) = run(&step.command, &host, &inside).await;
            step.went_as_said(done, &printed);
        }
    }

    /// Runs a command with nothing of this checkout at hand, but with the npm cache that packing left.
    async fn run(command: &str, host: &TestHost, inside: &Path) -> (bool, String) {
        let Operator { base, token, .. } = host.operator();
        let output = Command::new("bash")
            .args(["-c", &format!("exec 2>&1; {command}")])
            .current_dir(inside)
            .env_remove("ROOST_SDK")
            .env_remove("ROOST_POSTGRES")
            .env_remove("ROOST_DATA")
            .env("npm_config_prefer_offline", "true")
            .env("ROOST_URL", base)
            .env("ROOST_TOKEN", token)
            .output()
            .await
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), printed)
    }
}
