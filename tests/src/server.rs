//! Starts generated servers as processes, on free ports of the loopback interface, each with its own data.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use tempfile::TempDir;

/// A running server. Ends with this value.
pub struct Server {
    child: Child,
    release: String,
    dir: TempDir,
    flags: Vec<String>,
}

/// How long a server may take to start or to stop on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

impl Server {
    /// A server of the release (`v1.36`) on embedded storage.
    pub fn start(release: &str) -> Server {
        Server::with_flags(release, &[])
    }

    /// As [`Server::start`], with more flags.
    pub fn with_flags(release: &str, flags: &[&str]) -> Server {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let flags: Vec<_> = flags.iter().map(|f| f.to_string()).collect();
        let child = spawn(release, dir.path(), &flags);
        let mut server = Server { child, release: release.to_owned(), dir, flags };
        server.wait_ready();
        server
    }

    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        self.kubeconfig_value("/clusters/0/cluster/server")
    }

    /// Bearer token of the administrator.
    pub fn token(&self) -> String {
        self.kubeconfig_value("/users/0/user/token")
    }

    /// The certificate that signs the server's.
    pub fn ca_pem(&self) -> String {
        let data = self.kubeconfig_value("/clusters/0/cluster/certificate-authority-data");
        let bytes = base64::engine::general_purpose::STANDARD.decode(data).expect("base64");
        String::from_utf8(bytes).expect("PEM")
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.dir.path().join("kubeconfig")
    }

    /// What the server wrote to its standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("0 kB");
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }

    /// SIGTERM; how the process ended.
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("wait") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A new process on the same data.
    pub fn restart(&mut self) {
        let _ = std::fs::remove_file(self.kubeconfig());
        self.child = spawn(&self.release, self.dir.path(), &self.flags);
        self.wait_ready();
    }

    fn kubeconfig_value(&self, pointer: &str) -> String {
        let text = std::fs::read_to_string(self.kubeconfig()).expect("the kubeconfig");
        let document = kubeforge_machinery::yaml::from_yaml(&text).expect("YAML");
        let value = document.value.pointer(pointer).and_then(|v| v.as_str());
        value.unwrap_or_else(|| panic!("no {pointer} in\n{text}")).to_owned()
    }

    fn wait_ready(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.kubeconfig().exists() {
                let address = self.url().replace("https://", "");
                if TcpStream::connect(address).is_ok() {
                    return;
                }
            }
            if let Some(status) = self.child.try_wait().expect("wait") {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            assert!(Instant::now() < deadline, "the server does not start:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(release: &str, dir: &Path, flags: &[String]) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(dir.join("log")).expect("a log file");
    Command::new(binary(&format!("kube-apiserver-{}", release.replace('.', "-"))))
        .args(["--secure-port=0", "--bind-address=127.0.0.1"])
        .arg(format!("--data-dir={}", dir.join("data").display()))
        .arg(format!("--write-kubeconfig={}", dir.join("kubeconfig").display()))
        .args(flags)
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("the server's binary")
}

/// A binary of this workspace. `cargo xtask test` builds them all first and says where they are.
pub fn binary(name: &str) -> PathBuf {
    let built = match std::env::var_os("KUBEFORGE_BIN") {
        Some(dir) => PathBuf::from(dir),
        // target/PROFILE/deps/TEST
        None => std::env::current_exe().expect("this test").ancestors().nth(2).expect("a target directory").to_owned(),
    };
    let path = built.join(name);
    assert!(path.exists(), "{} is not built: run `cargo xtask test`", path.display());
    path
}

/// Looks for an outside program. Without it the test is skipped, unless `KUBEFORGE_REQUIRE_PROGRAMS` is set: then it
/// fails. `install` says in one line how to get it.
pub fn program(names: &[&str], install: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = names.iter().find_map(|name| std::env::split_paths(&path).map(|d| d.join(name)).find(|p| p.is_file()));
    if found.is_none() {
        skip(&format!("{} is not installed: {install}", names[0]));
    }
    found
}

/// Notes that the running test does nothing here.
pub fn skip(why: &str) {
    assert!(std::env::var_os("KUBEFORGE_REQUIRE_PROGRAMS").is_none(), "{why}");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("skipped: {why}");
    if let Some(file) = std::env::var_os("KUBEFORGE_SKIPPED") {
        use std::io::Write as _;
        let file = std::fs::File::options().create(true).append(true).open(file);
        let _ = file.and_then(|mut f| writeln!(f, "{test}: {why}"));
    }
}

/// kubectl against one server.
pub struct Kubectl<'s> {
    program: PathBuf,
    server: &'s Server,
}

impl<'s> Kubectl<'s> {
    pub fn new(program: PathBuf, server: &'s Server) -> Self {
        Kubectl { program, server }
    }

    /// kubectl's own version, as it prints it.
    pub fn client_version(&self) -> String {
        self.run(&["version", "--client"])
    }

    /// Runs kubectl; its output, whatever it is.
    pub fn output(&self, arguments: &[&str], input: &str) -> Output {
        use std::io::Write as _;
        let mut child = Command::new(&self.program)
            .arg("--kubeconfig")
            .arg(self.server.kubeconfig())
            .arg("--cache-dir")
            .arg(self.server.dir.path().join("kube-cache"))
            .args(arguments)
            .env("KUBE_EDITOR", "sed -i s/green/red/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(input.as_bytes()).expect("kubectl reads");
        drop(stdin);
        child.wait_with_output().expect("kubectl")
    }

    /// Runs kubectl, which must succeed; its standard output.
    pub fn run(&self, arguments: &[&str]) -> String {
        self.run_with(arguments, "")
    }

    /// As [`Kubectl::run`], with standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> String {
        let output = self.output(arguments, input);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "kubectl {arguments:?}\n{out}{err}\nserver:\n{}", self.server.log());
        out.into_owned()
    }

    /// Runs kubectl, which must fail; its standard error.
    pub fn fail(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments, "");
        assert!(
            !output.status.success(),
            "kubectl {arguments:?} succeeded: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}
