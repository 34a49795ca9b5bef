//! Versions and secrets: what is uploaded is built in the background, checked, and switched to.

mod builds;
mod by_api;
mod by_cli;
mod by_name;
mod components;
mod environment;
mod hidden;
mod secrets;
mod switches;

use flate2::Compression;
use flate2::write::GzEncoder;
use roost::deploys::NewDeploy;
use roost::news::{Change, Heard, Listener};
use roost::projects::{ProjectId, Version, VersionState};

use super::support::{TestHost, TestProject};

const ANA: &str = "16505551234";

/// A bot without packages: answers each text with what `answer` makes of it.
fn bot(top: &str, answer: &str) -> String {
    format!(
        "const http = require('node:http')
const {{ whatsapp }} = require('roost')
{top}
http.createServer(async (req, res) => {{
  const url = new URL(req.url, 'http://bot')
  if (url.pathname !== '/webhook') return res.writeHead(404).end()
  if (req.method === 'GET') {{
    const known = url.searchParams.get('hub.verify_token') === process.env.VERIFY_TOKEN
    return res.writeHead(known ? 200 : 403).end(url.searchParams.get('hub.challenge'))
  }}
  let body = ''
  for await (const chunk of req) body += chunk
  const [message] = JSON.parse(body).entry[0].changes[0].value.messages ?? []
  if (message) await whatsapp.sendText(message.from, {answer})
  res.end()
}}).listen(process.env.PORT)
"
    )
}

/// A bot that answers `name: text`.
pub(super) fn named(name: &str) -> String {
    bot("", &format!("`{name}: ${{message.text.body}}`"))
}

/// A `tar.gz` of these files.
pub(super) fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder
            .append_data(&mut header, name, content.as_bytes())
            .unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// A `tar.gz` of a bot whose only file is this.
fn app(source: &str) -> Vec<u8> {
    packed(&[("app.js", source)])
}

/// Hands an upload in.
async fn submit(host: &TestHost, project: ProjectId, upload: &[u8]) -> Version {
    let deploy = NewDeploy {
        upload,
        created_by: "ci",
        message: None,
        serves_when_ready: true,
        takes_links: false,
    };
    host.app()
        .deploys()
        .submit(project, &deploy)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Waits until nothing more becomes of a version.
async fn ended(host: &TestHost, version: &Version) -> Version {
    let ended = host.app().deploys().ended(version).await;
    ended.unwrap_or_else(|error| panic!("{error}"))
}

/// Deploys, and fails with what the author reads.
async fn try_deploy(
    host: &TestHost,
    project: &TestProject,
    upload: &[u8],
) -> Result<Version, String> {
    let version = ended(host, &submit(host, project.id, upload).await).await;
    match version.state {
        VersionState::Ready => Ok(version),
        _ => Err(version.error.unwrap_or_default()),
    }
}

pub(super) async fn deploy(host: &TestHost, project: &TestProject, upload: &[u8]) -> Version {
    let deployed = try_deploy(host, project, upload).await;
    deployed.unwrap_or_else(|error| panic!("{error}"))
}

/// What was told of a project so far.
fn heard(news: &mut Listener, project: ProjectId) -> Vec<Change> {
    let all = std::iter::from_fn(|| news.waiting());
    let of_it = all.filter_map(|heard| match heard {
        Heard::Told(told) if told.project_id == project => Some(told.change),
        Heard::Told(_) | Heard::Missed => None,
    });
    of_it.collect()
}

/// The log of a version's build, as text.
async fn log_of(host: &TestHost, version: &Version) -> String {
    let projects = host.app().projects();
    let lines = projects.build_log(version.project_id, version.version_id, 0, 10_000, true);
    let lines = lines.await.unwrap();
    let texts: Vec<_> = lines.into_iter().map(|line| line.text).collect();
    texts.join("\n")
}
