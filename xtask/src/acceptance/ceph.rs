//! Ceph's RGW from Debian: a monitor, one OSD that keeps objects in memory, and the gateway, all on loopback.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::server::{self, Endpoint, Process, Running, free_port};
use crate::Result;
use crate::process;

const PACKAGES: [&str; 4] = ["ceph-mon", "ceph-osd", "radosgw", "ceph-common"];
const TOOLS: [&str; 7] =
    ["ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin"];
const INSTALL: Duration = Duration::from_secs(900);
const STEP: Duration = Duration::from_secs(120);
const ACCESS_KEY: &str = "acceptance";
const SECRET_KEY: &str = "acceptance-secret";
/// What each of them may do. The gateway refuses to start without a key of its own.
const KEYS: [(&str, &[&str]); 4] = [
    ("mon.", &["--cap", "mon", "allow *"]),
    ("client.admin", &["--cap", "mon", "allow *", "--cap", "osd", "allow *"]),
    ("client.rgw", &["--cap", "mon", "allow *", "--cap", "osd", "allow *"]),
    ("osd.0", &["--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"]),
];

/// Installs Debian's packages where they are not yet.
pub(super) fn install(folder: &Path) -> Result<()> {
    let Some(missing) = missing() else { return Ok(()) };
    let packages = PACKAGES.join(" ");
    if !server::runs("apt-get", "--version") {
        return Err(format!("{missing} is not on PATH, and there is no apt-get to install {packages}").into());
    }
    if process::text(Command::new("id").arg("-u"))?.trim() != "0" {
        return Err(format!("{missing} is not on PATH; run this as root, or install {packages}").into());
    }
    println!("installing {packages}");
    let log = folder.join("apt.log");
    server::run(apt().arg("update"), &log, INSTALL)?;
    server::run(apt().args(["install", "-y", "--no-install-recommends"]).args(PACKAGES), &log, INSTALL)?;
    self::missing()
        .map_or(Ok(()), |tool| Err(format!("{packages} are installed, but {tool} does not run").into()))
}

fn missing() -> Option<&'static str> {
    TOOLS.into_iter().find(|tool| !server::runs(tool, "--help"))
}

/// Asks nothing; at runlevel 1 packages do not start services of their own.
fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    command
}

/// Starts a cluster in an empty folder.
pub(super) fn start(folder: &Path) -> Result<Running> {
    let cluster = Cluster::new(folder)?;
    cluster.keyring()?;
    let monitor = cluster.monitor()?;
    let osd = cluster.osd()?;
    cluster.user()?;
    let gateway = cluster.gateway()?;
    let version = process::text(Command::new("radosgw").arg("--version"))?;
    Ok(Running {
        endpoint: Endpoint { port: cluster.port, access_key: ACCESS_KEY, secret_key: SECRET_KEY },
        version: version.split(" (").next().unwrap_or("ceph").to_owned(),
        _processes: vec![gateway, osd, monitor],
    })
}

struct Cluster {
    folder: PathBuf,
    fsid: String,
    monitor_port: u16,
    /// The gateway's.
    port: u16,
}

impl Cluster {
    fn new(folder: &Path) -> Result<Self> {
        let (folder, fsid) = (folder.to_path_buf(), uuid()?);
        let cluster = Self { folder, fsid, monitor_port: free_port()?, port: free_port()? };
        for name in ["mon", "osd", "rgw"] {
            fs::create_dir_all(cluster.folder.join(name))?;
        }
        fs::write(cluster.path("ceph.conf"), cluster.conf())?;
        Ok(cluster)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// One copy of everything, eight placement groups a pool, no admin sockets (their paths may be too long).
    fn conf(&self) -> String {
        let Self { folder, fsid, monitor_port, port } = self;
        let folder = folder.display();
        format!(
            "[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{monitor_port}/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {folder}/keyring
admin socket =
pid file =
crash dir = {folder}
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
mon data = {folder}/mon
mon data avail crit = 1
mon allow pool size one = true
osd data = {folder}/osd
osd objectstore = memstore
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
memstore device bytes = 4294967296
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
"
        )
    }

    /// Keys for all of them in one file; the monitor takes them over when it is made.
    fn keyring(&self) -> Result<()> {
        for (i, (name, caps)) in KEYS.iter().enumerate() {
            let mut command = process::command("ceph-authtool");
            command.arg(self.path("keyring")).args(if i == 0 { &["--create-keyring"][..] } else { &[] });
            self.run(command.args(["--gen-key", "-n", name]).args(*caps))?;
        }
        Ok(())
    }

    fn monitor(&self) -> Result<Process> {
        let (map, addresses) = (self.path("monmap"), format!("[v2:127.0.0.1:{}]", self.monitor_port));
        let mut make = process::command("monmaptool");
        self.run(make.args(["--create", "--addv", "a", &addresses, "--fsid", &self.fsid]).arg(&map))?;
        let mut make = self.command("ceph-mon");
        make.args(["--mkfs", "-i", "a", "--monmap"]).arg(&map).arg("--keyring").arg(self.path("keyring"));
        self.run(&mut make)?;
        self.daemon("ceph-mon", &["-i", "a"])
    }

    /// The file system gets the id under which the monitor knows it, else the OSD does not come up.
    fn osd(&self) -> Result<Process> {
        let id = uuid()?;
        self.run(self.command("ceph").args(["--connect-timeout", "60", "osd", "new", &id]))?;
        self.run(self.command("ceph-osd").args(["-i", "0", "--mkfs", "--osd-uuid", &id]))?;
        self.daemon("ceph-osd", &["-i", "0"])
    }

    /// Waits for the OSD as well: it makes pools.
    fn user(&self) -> Result<()> {
        let mut command = self.command("radosgw-admin");
        command.args(["user", "create", "--uid=acceptance", "--display-name=acceptance"]);
        command.args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY]);
        self.run(&mut command)
    }

    fn gateway(&self) -> Result<Process> {
        let mut gateway = self.daemon("radosgw", &["-n", "client.rgw"])?;
        gateway.answers_at(self.port, STEP)?;
        Ok(gateway)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = process::command(program);
        command.arg("-c").arg(self.path("ceph.conf"));
        command
    }

    fn run(&self, command: &mut Command) -> Result<()> {
        server::run(command, &self.path("setup.log"), STEP)
    }

    /// In the foreground, and so our own child.
    fn daemon(&self, program: &str, args: &[&str]) -> Result<Process> {
        let mut command = self.command(program);
        Process::start(command.args(args).arg("-f"), &self.path(&format!("{program}.out")))
    }
}

/// A random one, from Linux: where Debian's packages run, it is there.
fn uuid() -> Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/uuid")?.trim().to_owned())
}
