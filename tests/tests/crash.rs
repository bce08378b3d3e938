//! What the server acknowledged survives SIGKILL; SIGTERM ends it cleanly.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kubeforge_tests::client::Client;
use kubeforge_tests::server::Server;
use serde_json::{Value, json};

const CONFIGMAPS: &str = "/api/v1/namespaces/default/configmaps";
const WRITERS: usize = 8;

#[test]
fn sigkill_loses_nothing_that_was_acknowledged() {
    let mut server = Server::start("v1.36");
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        acknowledged.extend(write_until_killed(&mut server, round));
        server.restart();
        let stored = list(&Client::new(&server));
        for (name, version) in &acknowledged {
            let found = stored.iter().find(|(n, _)| n == name);
            assert_eq!(found.map(|(_, v)| v), Some(version), "round {round}: {name} of {}", acknowledged.len());
        }
    }
    assert!(acknowledged.len() > 50, "only {} writes in three rounds", acknowledged.len());
    let newest = acknowledged.iter().map(|(_, version)| *version).max().expect("writes");
    let created = create(&Client::new(&server), "after").expect("an answer");
    assert!(created > newest, "revision {created} after {newest}");
}

#[test]
fn sigterm_ends_it_with_0_and_keeps_everything() {
    let mut server = Server::start("v1.36");
    create(&Client::new(&server), "kept").expect("an answer");
    let status = server.terminate();
    assert!(status.success(), "{status}:\n{}", server.log());
    server.restart();
    assert_eq!(Client::new(&server).get(&format!("{CONFIGMAPS}/kept")).status, 200);
}

/// Names and resourceVersions of what was created before the kill.
fn write_until_killed(server: &mut Server, round: usize) -> Vec<(String, u64)> {
    let client = Client::new(server);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (client, stop) = (client.clone(), &stop);
                scope.spawn(move || {
                    let names = (0..).map(|i| format!("r{round}-w{writer}-{i}"));
                    let created = names.map_while(|name| {
                        let version = if stop.load(Ordering::Relaxed) { None } else { create(&client, &name) };
                        version.map(|version| (name, version))
                    });
                    created.collect::<Vec<_>>()
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(700));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect()
    })
}

/// The new object's resourceVersion; `None` if the connection broke.
fn create(client: &Client, name: &str) -> Option<u64> {
    let body = json!({"metadata": {"name": name}, "data": {"key": "value"}}).to_string();
    let answer = client.send("POST", CONFIGMAPS, &[("Content-Type", "application/json")], body.as_bytes()).ok()?;
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    Some(version(&answer.json()))
}

fn list(client: &Client) -> Vec<(String, u64)> {
    let answer = client.get(CONFIGMAPS).json();
    let items = answer["items"].as_array().expect("items");
    items.iter().map(|item| (item["metadata"]["name"].as_str().expect("a name").to_owned(), version(item))).collect()
}

fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().and_then(|v| v.parse().ok()).expect("a resourceVersion")
}
